"""What two chapters need, or a test can check. Flat: a noun a module, each importing only from floors below.

paths < chapters < strokes < cohesion < plots < maps < svg < video < download < formats < quickdraw < raster <
shards < preprocess < skeleton < centerlines < junctions < strokeorder < pages < scans < folders < vectorize <
alter < weights < vae < workers < generate < training < classifier < measures < animate < features < film < booklet <
export < easel < studio < drawpad < widgets

Training stands above generate, because it fits the prior to encoded drawings and shows reconstructions as it goes.
"""
