#!/usr/bin/env python3
"""Writes the small files that the fuzz targets start from. Needs numpy. Run it in this folder; commit what it writes.
model_card/ was written by hand; shared_event/ too; grpc_request/ by protoc's Python classes of docs/inference.proto; bundle/ was written by bartizan sign on two files, with and without --certificate; report/ was written by bartizan_report_test (BARTIZAN_SAMPLE_OUT); jpeg/ was made with ImageMagick: convert fuzz/seeds/png/colour -resize 9x9 -quality 60 [-interlace JPEG] jpg:NAME"""
import gzip
import io
import pathlib
import struct
import zipfile
import zlib

import numpy

HERE = pathlib.Path(__file__).resolve().parent


def put(target, name, content):
    folder = HERE / target
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)


def npy(array, version=None):
    out = io.BytesIO()
    numpy.lib.format.write_array(out, array, version=version, allow_pickle=False)
    return out.getvalue()


def npz(compressed, **arrays):
    out = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(name + ".npy"), npy(array), method)
    return out.getvalue()


def idx(array):
    return struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def png(pixels, colour_type):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    random = numpy.random.default_rng(0)
    x = random.integers(0, 256, size=(4, 3, 4, 4), dtype="uint8")
    y = numpy.arange(4, dtype="int64")
    classes = numpy.array(["cat", "dog", "owl", "rat"])
    for dtype in ("u1", "<i2", ">i4", "<f4", ">f8", "?"):
        put("npy", dtype.strip("<>?") + ("be" if ">" in dtype else "") or "bool", npy(numpy.ones((2, 3), dtype)))
    put("npy", "fortran", npy(numpy.asfortranarray(random.random((3, 2)))))
    put("npy", "version2", npy(numpy.zeros(3), (2, 0)))
    put("npy", "text", npy(classes))
    put("zip", "stored", npz(False, x=x, y=y))
    put("zip", "deflated", npz(True, x=x, y=y))
    images, labels = idx(x[:, 0]), idx(y.astype("uint8"))
    put("idx", "images", images)
    put("idx", "labels", labels)
    put("idx", "compressed", gzip.compress(images, mtime=0))
    table = b'age,income,label\n31,2.5e3,yes\n"44",,no\n27,"1,000",yes\n'
    put("csv", "quoted", table)
    put("csv", "semicolons", table.replace(b",", b";"))
    put("png", "colour", png(numpy.moveaxis(x[0], 0, 2).copy(), 2))
    put("png", "grey", png(x[0, 0], 0))
    put("data_set", "npz", b"\0" + npz(True, x=x, y=y, classes=classes))
    put("data_set", "npz_table", b"\0" + npz(False, x=random.random((5, 3)).astype("float32"), y=numpy.arange(5) % 2))
    put("data_set", "csv", b"\1age,income,label\n31,2500,0\n44,100,1\n27,90,1\n")
    put("data_set", "idx", b"\2" + images)
    put("data_set", "npy", b"\3" + npy(x))
    put("sidecar", "full", b"bartizan_sidecar: 1\nmean: [0.49, 0.48, 0.45]\nstd: [0.2, 0.2, 0.2]\nrange: [0, 1]\nlayout: nchw\n"
        b"classes: [cat, dog]\ntemperature: 1.5\n")
    put("command_line", "attack", b"attack\nm.onnx\n--data\nd.npz\n--attack=pgd\n--eps\n8/255\n--param\nrho=0.75")
    put("command_line", "completion", b"completion\nbash")
    put("command_line", "train", b"train\ncnn-small\n--data=fashion-mnist:train\n--out\nm.onnx\n--adversarial\n--lr\n1e-3")


main()

said = b'{"id":"1","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[[1.5,-2e3]]}],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}'
put("inference_request", "json", b"\0\0" + said)
said = b'{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}},{"name":"s","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":7}}]}'
put("inference_request", "binary",
    struct.pack(">H", len(said)) + said + struct.pack("<2f", 1, 2) + struct.pack("<I", 3) + b"abc")
said = b'{"model_name":"m","id":"1","outputs":[{"name":"y","datatype":"BOOL","shape":[2],"data":[true,false]}]}'
put("inference_request", "answer", b"\0\0" + said)
