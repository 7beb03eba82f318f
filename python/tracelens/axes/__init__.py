"""The axes: how user columns are made from statistics, and which metrics are read off them."""
