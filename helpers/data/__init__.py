"""Drawings by the thousand: Quick, Draw! by class name, people's own files, data sets, shards."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "classes": "CLASSES JUDGED download_class",
        "formats": "DamagedDrawings read",
        "chunks": "SPLITS",
        "dataset": "DataSet SAMPLE_NOTICE Split load_drawings make_dataset open_dataset save_dataset",
        "shards": "open_shards read_batches",
        "preprocessing": "preprocess",
    },
)
