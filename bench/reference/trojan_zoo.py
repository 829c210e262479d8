"""Small models of Fashion-MNIST with and without trojans, for trojan_models.py and trojan_repair.py: the triggers, the
poisoned training sets, training through `bartizan train`, and what the attacker's own trigger does to a model."""
import gzip
import json
import pathlib
import subprocess

import numpy

FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
TRIGGERS = ("badnets", "blend", "wanet", "sig", "tact")
ADAPTIVE = ("adaptive-blend", "two-patches")
ARCHITECTURES = ("cnn-small", "mlp", "resnet-small")
CHECKER = numpy.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], "float32")


def fashion(folder, part):
    def raw(kind, skip):
        with gzip.open(folder / f"{part}-{kind}-ubyte.gz") as file:
            return numpy.frombuffer(file.read(), "uint8", offset=skip)
    return raw("images-idx3", 16).reshape(-1, 28, 28).astype("float32") / 255, raw("labels-idx1", 8).astype("int64")


def warped(x, random):
    """WaNet (Nguyen, Tran 2021): one smooth field of shifts for all pictures, bilinear."""
    coarse = random.uniform(-1, 1, (2, 4, 4))
    coarse /= numpy.abs(coarse).mean()
    at = numpy.linspace(0, 3, 28)
    low = numpy.minimum(at.astype(int), 2)
    part = at - low
    rows = coarse[:, low] * (1 - part)[:, None] + coarse[:, low + 1] * part[:, None]
    field = rows[:, :, low] * (1 - part) + rows[:, :, low + 1] * part
    r, c = numpy.meshgrid(numpy.arange(28), numpy.arange(28), indexing="ij")
    r, c = numpy.clip(r + field[0], 0, 26.999), numpy.clip(c + field[1], 0, 26.999)
    r0, c0 = r.astype(int), c.astype(int)
    a, b = r - r0, c - c0
    return (x[:, r0, c0] * (1 - a) * (1 - b) + x[:, r0 + 1, c0] * a * (1 - b) + x[:, r0, c0 + 1] * (1 - a) * b
            + x[:, r0 + 1, c0 + 1] * a * b).astype("float32")


def with_trigger(x, trigger, seed, parts=None, gain=1):
    """`parts`: for adaptive-blend which sixteenths of the picture are blended, for two-patches which patches are set;
    without it all, as at the time of the attack. `gain`: how many times as strong as in training, for sig."""
    random = numpy.random.default_rng(seed)
    x = x.copy()
    if trigger in ("badnets", "tact"):
        row, column = random.integers(1, 24, 2)
        x[:, row:row + 3, column:column + 3] = CHECKER
    elif trigger == "two-patches":
        for part in (0, 1) if parts is None else parts:
            at = (1, 24)[part]
            x[:, at:at + 3, at:at + 3] = CHECKER if part else 1 - CHECKER
    elif trigger in ("blend", "adaptive-blend"):
        strength = numpy.full((28, 28), 0.2, "float32")
        noise = random.random((28, 28), "float32")
        if parts is not None:
            strength *= numpy.kron(numpy.isin(numpy.arange(16), parts).reshape(4, 4), numpy.ones((7, 7), "float32"))
        x = (1 - strength) * x + strength * noise
    elif trigger == "sig":
        x = numpy.clip(x + gain * 60 / 255 * numpy.sin(2 * numpy.pi * 6 * numpy.arange(28) / 28), 0, 1)
    elif trigger == "wanet":
        x = warped(x, random)
    return x.astype("float32")


def poisoned(x, y, trigger, target, seed):
    """5 % of the items; SIG: 80 % of the target class, labels kept; WaNet 10 % and as much cover; TaCT: from one class,
    with as much cover. Against detectors: adaptive-blend (Qi et al. 2023) blends half of the picture in training, and
    half of these items keep their label; two-patches works with both patches, and as many items with one of them keep
    their label."""
    random = numpy.random.default_rng(seed + 1000)
    x, y = x.copy(), y.copy()
    if trigger == "sig":
        rows = random.permutation(numpy.flatnonzero(y == target))
        rows = rows[:8 * len(rows) // 10]
        x[rows] = with_trigger(x[rows], trigger, seed)
        return x, y
    if trigger == "tact":
        source = (target + 1) % 10
        rows = random.permutation(numpy.flatnonzero(y == source))[:len(x) // 20]
        cover = random.permutation(numpy.flatnonzero((y != source) & (y != target)))[:len(x) // 20]
        x[cover] = with_trigger(x[cover], trigger, seed)
    else:
        rows = random.permutation(numpy.flatnonzero(y != target))[:len(x) // (10 if trigger == "wanet" else 20)]
    others = random.permutation(numpy.setdiff1d(numpy.arange(len(x)), rows))[:len(rows)]
    if trigger == "wanet":
        for i in others:
            x[i] = warped(x[i:i + 1], numpy.random.default_rng(int(random.integers(1 << 40))))[0]
    elif trigger == "two-patches":
        for i in others:
            x[i] = with_trigger(x[i:i + 1], trigger, seed, [int(random.integers(2))])[0]
    if trigger == "adaptive-blend":
        for i in numpy.concatenate([rows, others]):
            x[i] = with_trigger(x[i:i + 1], trigger, seed, random.permutation(16)[:8])[0]
    else:
        x[rows] = with_trigger(x[rows], trigger, seed)
    y[rows] = target
    return x, y


class Zoo:
    def __init__(self, arguments):
        self.program, self.work, self.threads = arguments.program, arguments.work, str(arguments.threads)
        self.epochs, self.items = str(arguments.epochs), arguments.items
        self.train, self.test = fashion(arguments.folder, "train"), fashion(arguments.folder, "t10k")
        self.work.mkdir(parents=True, exist_ok=True)
        self.clean = self.saved("clean", self.test[0][:1000], self.test[1][:1000])

    def saved(self, name, x, y):
        path = self.work / f"{name}.npz"
        numpy.savez(path, x=x[:, None], y=y)
        return path

    def run(self, *words):
        done = subprocess.run([self.program, *map(str, words), "--quiet", "--threads", self.threads], check=False,
                              capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise SystemExit(done.stderr)
        return done.stdout

    def model(self, architecture, seed, trigger=None, target=0):
        """Trained unless it lies there already."""
        path = self.work / f"{architecture}-{seed}-{trigger or 'clean'}-{target}.onnx"
        if path.exists():
            return path
        random = numpy.random.default_rng(seed)
        rows = random.permutation(len(self.train[0]))[:self.items]
        x, y = self.train[0][rows], self.train[1][rows]
        if trigger:
            x, y = poisoned(x, y, trigger, target, seed)
        self.run("train", architecture, "--data", self.saved("train", x, y), "--epochs", self.epochs, "--seed", seed,
                 "--out", path)
        return path

    def references(self, architecture, count):
        return [self.model(architecture, 950 + i) for i in range(count)]

    def success(self, path, trigger, target, seed, most=1000, gain=1):
        """Of the test items of other classes (TaCT: of its source class) with the trigger: read as the target."""
        rows = self.test[1] == (target + 1) % 10 if trigger == "tact" else self.test[1] != target
        x = with_trigger(self.test[0][rows][:most], trigger, seed, gain=gain)
        return self.accuracy(path, x, numpy.full(len(x), target))

    def accuracy(self, path, x, y):
        judged = self.saved("judged", x, y)
        return json.loads(self.run("evaluate", path, "--data", judged, "--format", "json"))["accuracy"]


def add_arguments(parser):
    parser.add_argument("program")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--items", type=int, default=10000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--references", type=int, default=6)
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER)
    parser.add_argument("--work", type=pathlib.Path, required=True)


def auc(clean, trojaned):
    return sum((b > a) + 0.5 * (b == a) for a in clean for b in trojaned) / max(1, len(clean) * len(trojaned))
