"""Build stage of the images: takes out of a virtual environment what no service of HackAI uses at run time.

    python slim.py /opt/venv

* symbol tables of compiled modules (PyAV, uvloop and ml_dtypes come with theirs: 60 MB), tests, C and Cython sources;
* the files and folders in ``UNUSED`` (35 MB of them ONNX Runtime once more: its C library, which the Python module,
  linked statically, does not load);
* FFmpeg, OpenBLAS and the AV1 codecs of the OpenCV wheel (85 MB). Services decode video with PyAV, and ask OpenCV for
  nothing that solves large equations or holds an AVIF picture; but ``cv2`` is linked against them and does not load
  without them. So libraries take their place that have the same symbols and versions, and each function throws a C++
  exception that names it: Python sees ``cv2.error``, and ``cv2.VideoCapture`` says in the log why it did not open
  (tests/compose/test_images.py).

Needs binutils (``strip``, ``nm``, ``readelf``, ``as``, ``ld``); x86-64 and arm64.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# `refuse` throws std::runtime_error with the message that its caller, whose place it takes on the stack, has named:
# the C++ ABI for `throw std::runtime_error(message)`, https://itanium-cxx-abi.github.io/cxx-abi/abi-eh.html
REFUSE = {
    "x86_64": """
        sub $24, %rsp
        .cfi_def_cfa_offset 32
        mov %rdi, 8(%rsp)
        mov $16, %edi
        call __cxa_allocate_exception@PLT
        mov %rax, 16(%rsp)
        mov %rax, %rdi
        mov 8(%rsp), %rsi
        call _ZNSt13runtime_errorC1EPKc@PLT
        mov 16(%rsp), %rdi
        mov _ZTISt13runtime_error@GOTPCREL(%rip), %rsi
        mov _ZNSt13runtime_errorD1Ev@GOTPCREL(%rip), %rdx
        call __cxa_throw@PLT
    """,
    "aarch64": """
        stp x29, x30, [sp, #-32]!
        .cfi_def_cfa_offset 32
        .cfi_offset 29, -32
        .cfi_offset 30, -24
        str x0, [sp, #16]
        mov x0, #16
        bl __cxa_allocate_exception
        str x0, [sp, #24]
        ldr x1, [sp, #16]
        bl _ZNSt13runtime_errorC1EPKc
        ldr x0, [sp, #24]
        adrp x1, :got:_ZTISt13runtime_error
        ldr x1, [x1, #:got_lo12:_ZTISt13runtime_error]
        adrp x2, :got:_ZNSt13runtime_errorD1Ev
        ldr x2, [x2, #:got_lo12:_ZNSt13runtime_errorD1Ev]
        bl __cxa_throw
    """,
}
# How a function hands its message to `refuse`.
CALL = {
    "x86_64": "lea {message}(%rip), %rdi; jmp refuse",
    "aarch64": "adrp x0, {message}; add x0, x0, :lo12:{message}; b refuse",
}
SAYS = "{name}: OpenCV is without FFmpeg, OpenBLAS and AV1 in this image (deploy/images/slim.py). Use PyAV for video."
PLACEHOLDERS = ("libopenblas", "libavcodec-", "libavformat-", "libavutil-", "libswscale-", "libaom-", "libdav1d-")
# Needed by the libraries of PLACEHOLDERS alone.
FOLLOWERS = ("libgfortran-", "libquadmath-", "libvpx-", "libcrypto-", "libssl-", "libswresample-", "libdrm-")
UNUSED = (
    "PIL/_avif.*.so",
    "cv2/data",
    "insightface/gui",
    "numpy/distutils",
    "onnx/backend/test",
    "onnxruntime/capi/libonnxruntime.so.*",
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "pillow.libs/libavif-*",
    "skimage/data/*.png",
    "skimage/data/*.jpg",
)
SOURCES = (".pyx", ".pxd", ".pxi", ".c", ".cpp", ".h", ".hpp", ".a")


def _run(*command: str | Path) -> str:
    return subprocess.run(  # noqa: S603
        [str(part) for part in command], check=True, capture_output=True, text=True
    ).stdout


def _symbols(library: Path, kind: str) -> set[str]:
    """Return the dynamic symbols of a library, ``defined`` or ``undefined``, as ``name`` or ``name@VERSION``."""
    lines = _run("nm", "-D", f"--{kind}-only", "--with-symbol-versions", library).splitlines()
    return {line.split()[-1].replace("@@", "@") for line in lines if line}


def write_placeholder(library: Path, wanted: set[str]) -> None:
    """Replace a library by one in which each of the wanted functions throws."""
    machine = platform.machine()
    code = [".text", ".type refuse, %function", "refuse:", ".cfi_startproc", REFUSE[machine], ".cfi_endproc"]
    messages = [".section .rodata"]
    versions: dict[str, list[str]] = {}
    for number, symbol in enumerate(sorted(wanted & _symbols(library, "defined"))):
        name, _, version = symbol.partition("@")
        code += [f".globl {name}", f".type {name}, %function", f"{name}:", CALL[machine].format(message=f"m{number}")]
        messages.append(f'm{number}: .asciz "{SAYS.format(name=name)}"')
        if version:
            versions.setdefault(version, []).append(name)
    messages.append('.section .note.GNU-stack,"",%progbits')  # without it the loader asks for an executable stack
    script = "".join(f"{version} {{ global: {'; '.join(names)}; }};\n" for version, names in versions.items())
    with tempfile.TemporaryDirectory() as folder:
        source, object_file, map_file = (Path(folder) / name for name in ("stub.s", "stub.o", "stub.map"))
        source.write_text("\n".join(code + messages) + "\n")
        map_file.write_text(script)
        _run("as", "-o", object_file, source)
        library.unlink()
        version_script = [f"--version-script={map_file}"] if script else []
        _run("ld", "-shared", "--eh-frame-hdr", "-soname", library.name, *version_script, "-o", library, object_file)


def slim_opencv(site: Path) -> None:
    """Replace FFmpeg, OpenBLAS and the AV1 codecs of the OpenCV wheel."""
    folder = site / "opencv_python_headless.libs"
    if not folder.is_dir():
        return
    wanted = set.union(
        *(_symbols(user, "undefined") for user in [*(site / "cv2").glob("*.so"), *folder.glob("libavif-*")])
    )
    for library in folder.iterdir():
        if library.name.startswith(PLACEHOLDERS):
            write_placeholder(library, wanted)
        elif library.name.startswith(FOLLOWERS):
            library.unlink()


def strip(module: Path) -> None:
    """Take the symbol table out of a compiled module, if it still loads then: files that patchelf rewrote may not."""
    smaller = module.with_name(f"{module.name}.stripped")
    _run("strip", "--strip-unneeded", "-o", smaller, module)
    loads = [line.split() for line in _run("readelf", "-lW", smaller).splitlines() if line.split()[:1] == ["LOAD"]]
    aligned = all((int(load[1], 16) - int(load[2], 16)) % int(load[-1], 16) == 0 for load in loads)
    if aligned:
        smaller.replace(module)
    else:
        smaller.unlink()


def slim(site: Path) -> None:
    """Take out of ``site-packages`` what is not used."""
    slim_opencv(site)
    gone = [path for pattern in UNUSED for path in site.glob(pattern)]
    gone += [path for name in ("tests", "__pycache__") for path in site.rglob(name) if path.is_dir()]
    gone += [path for path in site.rglob("*") if path.suffix in SOURCES]
    for path in gone:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path in site.rglob("*.so"):
        if not path.parent.name.endswith(".libs"):
            strip(path)


if __name__ == "__main__":
    slim(next(Path(sys.argv[1]).glob("lib/python3.*/site-packages")))
