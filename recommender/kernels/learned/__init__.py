"""Learned kernels: no products of steps, told by anchors; one kind a file."""
