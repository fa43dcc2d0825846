"""What two chapters need, or a test can check. Flat: a noun a module, each importing only from floors below.

paths < chapters < strokes < download < formats < quickdraw < raster <
skeleton < centerlines < junctions < strokeorder < scans < vectorize < weights < vae < generate < training <
classifier < plots < video < animate < features

Training stands above generate, because it fits the prior to encoded drawings and shows reconstructions as it goes.
"""
