"""Run what the guides show, and compare what it prints with what they say; see that links between files hold.

    documents.py [--write] SOURCE_ROOT LIBRARY EXAMPLES COMPILER [DOCUMENT...]

Blocks of a document are run in their order, in a folder of their own that holds the sample's files, and
those of tests/golden/at_risk as a folder:

    ```csv NAME    (or text, or any other language) becomes the file NAME
    ```python      runs here, all of a document in one namespace
    ```sh          runs with the programs of the folder EXAMPLES, and `python3 -m kehu`
    ```c           is a whole program: it is compiled, with every warning an error, and run

A block without language behind one of these is what it prints, to the letter; with none it prints nothing. A line of
dots alone stands for any lines. With --write the document is changed to say what was printed. Without a dictionary in
the library the words of texts would differ: the test is skipped.
"""
import contextlib
import glob
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```\n", re.S | re.M)
SAMPLE = ["--customers", "1000", "--demands", "2000"]
RUNNABLE = ("python", "sh", "c")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


class Place:
    """A folder with the sample, where the blocks of one document run."""

    def __init__(self, root, library, examples, compiler):
        self.root, self.shared, self.compiler = root, library, compiler
        self.names = {"__name__": "__main__"}
        self.env = {**os.environ, "PYTHONPATH": os.path.join(root, "bindings", "python", "src"), "KEHU_LIBRARY": library,
                    "KEHU": root, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1", "PATH": examples + os.pathsep + os.environ["PATH"]}
        grammar = os.path.join(root, "examples", "sample", "demands.grammar")
        self.run([os.path.join(examples, "generate"), "--grammar", grammar, "--out", ".", *SAMPLE])
        shutil.copytree(os.path.join(root, "tests", "golden", "at_risk"), "at_risk")

    def run(self, command):
        return subprocess.run(command, check=True, env=self.env, stdout=subprocess.PIPE, encoding="utf-8").stdout

    def python(self, text, path, line):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * line + text, path, "exec"), self.names)
        return printed.getvalue()

    def sh(self, text, _path, _line):
        return self.run(["sh", "-euc", text])

    def c(self, text, _path, _line):
        with open("program.c", "w", encoding="utf-8") as file:
            file.write(text)
        self.run([*self.compiler.split(), "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", os.path.join(self.root, "include"), "program.c",
                  "-o", "program", self.shared, "-Wl,-rpath," + os.path.dirname(self.shared)])
        return self.run(["./program"])


def agrees(said, printed):
    """A line of dots in what is said stands for any lines."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", said, flags=re.M)]
    return re.fullmatch("(?s:.*)".join(parts), printed) is not None


def check(path, text, place):
    """Yield (start, end, printed) of what a document should say, and print where it says something else."""
    blocks = list(BLOCK.finditer(text))
    for i, block in enumerate(blocks):
        language, name = (block[1].split() + ["", ""])[:2]
        if name:
            with open(name, "w", encoding="utf-8") as file:
                file.write(block[2])
        elif language in RUNNABLE:
            line = text.count("\n", 0, block.start()) + 1
            printed = getattr(place, language)(block[2], path, line)
            told = blocks[i + 1] if i + 1 < len(blocks) and blocks[i + 1][1] == "" else None
            start, end = (told.start(), told.end()) if told else (block.end(), block.end())
            if not agrees(told[2] if told else "", printed):
                print(f"{path}, line {line}: the snippet printed:\n{printed}the document says:\n{told[2] if told else ''}", file=sys.stderr)
                yield start, end, printed


def dead_links(path, text):
    found = [link for link in LINK.findall(text) if not os.path.exists(os.path.join(os.path.dirname(path), link))]
    for link in found:
        print(f"{path}: there is no {link}", file=sys.stderr)
    return len(found)


def run_document(path, settings, write):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            wrong = list(check(path, text, Place(*settings)))
        finally:
            os.chdir(settings[0])
    if wrong and write:
        for start, end, printed in reversed(wrong):
            shown = f"```\n{printed}```\n"
            text = text[:start] + (shown if end > start else "\n" + shown) + text[end:]
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return len(wrong) + dead_links(path, text)


VERSION = re.compile(r"<artifactId>kehu[\w-]*</artifactId>\s*<version>([\d.]+)</version>|kehu(?:-spark)?-([\d.]+\d)[-.]")


def other_versions(path, text, version):
    """Artifacts that are named with another version than the library's."""
    found = [number for groups in VERSION.findall(text) for number in groups if number and number != version]
    for number in found:
        print(f"{path} names version {number}, the library's is {version}")
    return len(found)


def main():
    write = "--write" in sys.argv
    words = [word for word in sys.argv[1:] if word != "--write"]
    root, library, examples = (os.path.abspath(word) for word in words[:3])
    settings = root, library, examples, words[3]
    os.environ["KEHU_LIBRARY"] = library
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(root, "bindings", "python", "src"))
    import kehu
    try:
        kehu.Tokenizer.default()
    except kehu.KehuNotFoundError:
        print("skipped: the library was built without its dictionary", file=sys.stderr)
        return 77
    documents = words[4:] or sorted(glob.glob(os.path.join(root, "examples", "guide", "*.md")))
    wrong = sum(run_document(os.path.abspath(path), settings, write) for path in documents)
    for path in ("README.md", "bindings/java/README.md", "bindings/python/README.md", "examples/spark/README.md", "tests/README.md"):
        with open(os.path.join(root, path), encoding="utf-8") as file:  # their snippets are run by tests of their own
            text = file.read()
        wrong += dead_links(os.path.join(root, path), text) + other_versions(path, text, kehu.__version__)
    for path in glob.glob(os.path.join(root, "bindings", "java", "**", "pom.xml"), recursive=True):
        with open(path, encoding="utf-8") as file:
            wrong += other_versions(path, file.read(), kehu.__version__)
    print(f"{len(documents)} documents, {wrong} faults")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
