#!/usr/bin/env bash
# A machine that has never seen the project: a clone in a new folder, an empty home, empty caches; then the README's two
# commands, and the slow tests. Nothing of it is left.
#
#     tests/fresh_machine.sh                       # with the Python that make finds
#     tests/fresh_machine.sh python3.12            # with this one
#     MIDSTROKE_QUICK=1 tests/fresh_machine.sh     # chapters in their short form
#     tests/fresh_machine.sh python3.12 tests/sketch              # and only these tests
#     MIDSTROKE_PLACE="/tmp/ein Gerät" tests/fresh_machine.sh     # in this folder, which is made, and deleted at the end
#
# What is not committed is not in the clone. Only what makes the environment has a network: proxies, certificates and
# package indexes of the machine stay as they are. The chapters have none and run on the sample. Where a mirror of
# Quick, Draw! lies in ../shared, the tests have that, as the checkout has.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python=${1:-}
shift || true
if [ -n "${MIDSTROKE_PLACE:-}" ]; then
	mkdir "$MIDSTROKE_PLACE" # not one that is there: it is deleted at the end
	place=$(cd "$MIDSTROKE_PLACE" && pwd)
else
	place=$(mktemp -d)
fi
trap 'rm -rf "$place"' EXIT
mkdir "$place/home" "$place/tmp" "$place/bin" "$place/work"
if ! git clone --quiet "file://$root" "$place/work/midstroke"; then # a checkout without its history
	cp -R "$root" "$place/work/midstroke"
	rm -rf "$place/work/midstroke/"{.venv,data/work,data/quickdraw}
fi
if [ -n "$python" ]; then
	# by every name that make tries; not as a link, for a Python finds its library from where it stands
	python=$("$python" -c 'import sys; print(sys.executable)')
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$python" >"$place/bin/python3.13"
	chmod +x "$place/bin/python3.13"
fi
clean=(env -i "HOME=$place/home" "TMPDIR=$place/tmp" "PATH=$place/bin:$PATH" "LANG=C.UTF-8")
while IFS= read -r -d '' variable; do
	case $variable in
	*_proxy=* | *_PROXY=* | SSL_CERT_* | REQUESTS_CA_BUNDLE=* | PIP_* | UV_*INDEX* | TF_NUM_* | OMP_NUM_*) ;&
	MIDSTROKE_QUICK=* | MIDSTROKE_SLOW_TESTS=* | MIDSTROKE_NEEDS_BROWSER=*) clean+=("$variable") ;;
	esac
done < <(env --null)
for file in "$HOME/.config/pip/pip.conf" "$HOME/.pip/pip.conf"; do [ ! -f "$file" ] || clean+=("PIP_CONFIG_FILE=$file"); done
[ ! -f "$HOME/.config/uv/uv.toml" ] || clean+=("UV_CONFIG_FILE=$HOME/.config/uv/uv.toml")
cd "$place/work/midstroke"
nowhere=http://127.0.0.1:9 # the discard port: nobody answers
offline=(http_proxy="$nowhere" https_proxy="$nowhere" HTTP_PROXY="$nowhere" HTTPS_PROXY="$nowhere")
"${clean[@]}" make setup
"${clean[@]}" make lint
made=$SECONDS
"${clean[@]}" "${offline[@]}" no_proxy=127.0.0.1,localhost make run
took=$SECONDS
"${clean[@]}" .venv/bin/python --version
if [ -d "$root/../shared" ]; then ln -s "$(cd "$root/../shared" && pwd)" ../shared; fi
if [ $# -gt 0 ]; then
	"${clean[@]}" .venv/bin/python -m pytest "$@"
else
	"${clean[@]}" make test
	tested=$SECONDS
	# the chapters have just run without a network, in full
	run_already="--deselect tests/test_chapters.py::test_a_chapter_runs_in_a_fresh_clone_without_a_network_and_without_the_others"
	"${clean[@]}" PYTEST_ADDOPTS="$run_already" make test-slow
	echo "make test took $(((tested - took) / 60)) minutes, make test-slow $(((SECONDS - tested) / 60))."
fi
echo "make run took $((took / 60)) minutes $((took % 60)) seconds, $made seconds of them to make the environment."
