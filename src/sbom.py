"""Write the bill of materials of what is built here: CycloneDX 1.6, JSON.

    python3 sbom.py OUT VERSION [--words DICT_TXT] [--page NODE_MODULES]

--words: the library holds the dictionary made from jieba's word list, which is here. --page: it goes with the report page
that was built with these node_modules. Same input, same bytes: no time, no random number.
"""
import argparse
import json
import os
import re

PAGE = {"echarts": "Apache-2.0", "zrender": "BSD-3-Clause", "tslib": "0BSD"}


def component(kind, name, number, licence, purl, **more):
    purl += f"@{number}" if number else ""
    made = {"type": kind, "bom-ref": purl, "name": name, "licenses": [{"license": {"id": licence}}], "purl": purl, **more}
    return {**made, "version": number} if number else made


def word_list(path):
    with open(os.path.join(os.path.dirname(path), "__init__.py"), encoding="utf-8") as f:
        number = re.search(r"^__version__ = ['\"](.+)['\"]", f.read(), flags=re.M)
    return component("data", "jieba word list", number and number[1], "MIT", "pkg:pypi/jieba", copyright="Copyright (c) 2013 Sun Junyi")


def of_page(node_modules):
    for name, licence in PAGE.items():
        with open(os.path.join(node_modules, name, "package.json"), encoding="utf-8") as f:
            yield component("library", name, json.load(f)["version"], licence, f"pkg:npm/{name}")


def bill(version, words, node_modules):
    kehu = component("library", "kehu", version, "Apache-2.0", "pkg:generic/kehu")
    parts = [component("data", "Open Chinese Convert: TSCharacters", None, "Apache-2.0", "pkg:github/byvoid/opencc",
                       copyright="Copyright Carbo Kuo and contributors")]
    parts += [word_list(words)] if words else []
    parts += of_page(node_modules) if node_modules else []
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": kehu}, "components": parts,
            "dependencies": [{"ref": kehu["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts]}]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("version")
    parser.add_argument("--words")
    parser.add_argument("--page")
    given = parser.parse_args()
    with open(given.out, "w", encoding="utf-8", newline="\n") as f:
        json.dump(bill(given.version, given.words, given.page), f, indent=1)
        f.write("\n")


main()
