"""Videos and datasets -> prepared scenes."""
