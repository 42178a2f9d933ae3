"""What works on this machine, and what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess

from chromatrack.fetch.sources.ytdlp import JS_RUNTIMES
from chromatrack.machine import bfloat16

PACKAGES = (
    "torch", "torchvision", "numpy", "pandas", "h5py", "av", "opencv-contrib-python-headless",
    "scikit-image", "yt-dlp", "ffmpeg-python", "imageio-ffmpeg", "matplotlib", "snakemake",
    "onnx", "onnxruntime", "onnxscript", "optuna",
)  # fmt: skip
ONLY_FOR = {
    "snakemake": "stages run without it; pip install 'chromatrack[workflow]'",
    **dict.fromkeys(
        ("onnx", "onnxruntime", "onnxscript"),
        "only exported networks need it; pip install 'chromatrack[onnx]'",
    ),
    "optuna": "only `tune` needs it; pip install 'chromatrack[tune]'",
}
"""What some packages alone are for, and where they come from."""


def report() -> str:
    """Lines of `what: state`, for a person."""
    lines = [f"Python: {platform.python_version()} on {platform.platform()}"]
    slow = ", no instructions for bf16: precision 32 is faster" if bfloat16.missing() else ""
    lines.append(f"CPU: {os.cpu_count()} cores{slow}")
    lines += [f"{name}: {_version(name)}" for name in PACKAGES]
    lines += [_faiss(), _gpu(), _ffmpeg(), _javascript(), _disk()]
    return "\n".join(lines)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return f"missing ({ONLY_FOR.get(package, 'pip install chromatrack')})"


def _faiss() -> str:
    try:
        import faiss
    except ImportError:
        return "faiss: missing (pip install 'chromatrack[cpu]' or 'chromatrack[gpu]')"
    gpus = getattr(faiss, "get_num_gpus", lambda: 0)()
    return f"faiss: {faiss.__version__}, {gpus} GPUs"


def _gpu() -> str:
    import torch

    if not torch.cuda.is_available():
        return "GPU: none that torch can use; everything runs on the CPU"
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return f"GPU: {', '.join(names)} (CUDA {torch.version.cuda})"


def _ffmpeg() -> str:
    try:
        import imageio_ffmpeg

        binary = imageio_ffmpeg.get_ffmpeg_exe()
        first = subprocess.run([binary, "-version"], capture_output=True, text=True, check=True)
        return f"ffmpeg: {first.stdout.split()[2]} (from imageio-ffmpeg)"
    except (ImportError, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        return f"ffmpeg: missing ({error})"


def _javascript() -> str:
    """YouTube asks yt-dlp to run JavaScript; other sites and sources do not."""
    found = [name for name in JS_RUNTIMES if shutil.which(name)]
    solver = _version("yt-dlp-ejs")
    if found and "missing" not in solver:
        return f"YouTube: {found[0]}, yt-dlp-ejs {solver}"
    wanted = [] if found else [f"one of {', '.join(JS_RUNTIMES)} on the PATH"]
    wanted += ["pip install 'yt-dlp[default]'"] if "missing" in solver else []
    return f"YouTube: downloads need {' and '.join(wanted)}"


def _disk() -> str:
    usage = shutil.disk_usage(".")
    return f"disk: {usage.free / 1e9:.0f} GB free in this folder"
