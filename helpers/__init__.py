"""What two chapters need, or a test can check. Flat: a noun a module, each importing only from floors below.

paths < chapters < strokes < cohesion < plots < maps < download < formats < quickdraw < raster <
skeleton < centerlines < junctions < strokeorder < scans < vectorize < vae < generate < training

Training stands above generate, because it fits the prior to encoded drawings and shows reconstructions as it goes.
"""
