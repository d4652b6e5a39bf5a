"""The cases of benchmarks/gpu.py, by what they measure."""
