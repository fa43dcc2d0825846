"""What two chapters need, or a test can check. Flat: a noun a module, each importing only from floors below.

paths < strokes < quickdraw < raster < vae < training < generate < plots
"""
