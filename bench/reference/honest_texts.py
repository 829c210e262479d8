#!/usr/bin/env python3
"""How often `bartizan text clean` changes honest text: the translations of installed programs, language by language.

usage: honest_texts.py BARTIZAN [--folder /usr/share/locale] [--texts 2000]

Prints one JSON line a language: texts, changed, the first examples; then one for all."""
import argparse
import gettext
import json
import pathlib
import random
import subprocess
import tempfile


def texts_of(folder):
    """The translated strings under a locale's folder, in a fixed order."""
    found = set()
    for path in sorted(folder.glob("LC_MESSAGES/*.mo")):
        try:
            with open(path, "rb") as file:
                catalogue = gettext.GNUTranslations(file)._catalog
        except (OSError, UnicodeDecodeError, ValueError, IndexError, SyntaxError):  # a broken catalogue
            continue
        for text in catalogue.values():
            line = " ".join(str(text).split())
            if len(line) >= 8 and any(ord(c) > 127 for c in line) and "\x00" not in line:
                found.add(line)
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bartizan")
    parser.add_argument("--folder", default="/usr/share/locale", type=pathlib.Path)
    parser.add_argument("--texts", default=2000, type=int)
    options = parser.parse_args()
    total = changed = languages = 0
    for folder in sorted(options.folder.iterdir()):
        texts = texts_of(folder)
        if len(texts) < 200:
            continue
        random.Random(0).shuffle(texts)
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            file.write("\n".join(texts[:options.texts]) + "\n")
            file.flush()
            run = subprocess.run([options.bartizan, "text", "clean", file.name, "--format", "json"],
                                 capture_output=True, text=True, check=True)
        result = json.loads(run.stdout)
        total, changed, languages = total + result["texts"], changed + result["changed"], languages + 1
        print(json.dumps({"language": folder.name, "texts": result["texts"], "changed": result["changed"],
                          "counts": result["counts"], "examples": result["examples"][:3]}, ensure_ascii=False))
    print(json.dumps({"languages": languages, "texts": total, "changed": changed}))


main()
