"""Spark: everybody's lists on a cluster (``pip install 'whyrec[spark]'``).

A task ranks a block of people; the model is mapped from its path, which every host sees.
The same bits as on one machine.
"""

from whyrec.spark.lists import lists

__all__ = ["lists"]
