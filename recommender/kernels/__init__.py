"""Kernels: anchor × item matrices, of paths or learned."""
