"""Build hook: the C library and the main job's program, built by Meson, go beside the modules.

The C sources are those of the tree around this folder or, in an unpacked source distribution, those in csrc/. Three
environment variables serve who builds for others: KEHU_MESON_ARGS adds arguments to `meson setup` (a cross file),
KEHU_WHEEL_PLATFORM states the wheel's platform tag, KEHU_REPORT_PAGE the folder in
which examples/report/build.sh has made the report page, to pack that.
"""
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = os.path.dirname(os.path.abspath(__file__))
UNPACKED = os.path.join(HERE, "csrc")
SOURCES = UNPACKED if os.path.isdir(UNPACKED) else os.path.dirname(os.path.dirname(HERE))
JOB = "examples/customer_insight"
PARTS = ("include", "src", "meson.build", JOB, JOB + ".c")  # what both are built from
PAGE_LICENCES = ("echarts/LICENSE", "echarts/NOTICE", "echarts/licenses/LICENSE-d3", "zrender/LICENSE", "tslib/LICENSE.txt")

# A project around the library: kehu as a subproject builds no tests, no examples, and warnings are no errors.
OUTER = """project('wheel', 'c', default_options: ['c_std=c11'])
kehu = subproject('kehu', default_options: ['default_library=shared'])
executable('customer_insight', {sources}, dependencies: kehu.get_variable('kehu_dep'), install: true, install_rpath: '$ORIGIN',
    c_args: ['-ffp-contract=off', '-D_POSIX_C_SOURCE=200809L', '-D_FILE_OFFSET_BITS=64'])
"""
PACKED = ("libkehu.so.0", "customer_insight")  # the program asks for the library by this name


def library_version():
    return script("version.py")


def script(*words):
    """What a script of the sources prints."""
    return subprocess.run([sys.executable, os.path.join(SOURCES, "src", words[0]), *words[1:]],
                          check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def bill_of_materials(folder, page):
    path = os.path.join(folder, "kehu.cdx.json")
    words = script(os.path.join("text", "find_words.py"))
    script("sbom.py", path, library_version(), *(["--words", words] if words else []),
           *(["--page", os.path.join(page, "node_modules")] if page else []))
    return path


def build(folder):
    """Copy the sources to a place that looks the same wherever they came from, build, return the paths of what is packed."""
    outer, build, installed = (os.path.join(folder, name) for name in ("outer", "build", "installed"))
    kehu = os.path.join(outer, "subprojects", "kehu")
    os.makedirs(kehu)
    for part in PARTS:
        path = os.path.join(SOURCES, part)
        place = os.path.join(outer if part.startswith(JOB) else kehu, part)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        (shutil.copytree if os.path.isdir(path) else shutil.copy)(path, place)
    names = [JOB + ".c", *(f"{JOB}/{name}" for name in sorted(os.listdir(os.path.join(outer, JOB))) if name.endswith(".c"))]
    with open(os.path.join(outer, "meson.build"), "w", encoding="utf-8") as f:
        f.write(OUTER.format(sources=names))
    subprocess.run(["meson", "setup", build, outer, "--buildtype=release", "-Db_ndebug=true", "-Dc_link_args=-s", "--prefix=/",
                    "--libdir=lib", *shlex.split(os.environ.get("KEHU_MESON_ARGS", ""))], check=True)
    subprocess.run(["meson", "compile", "-C", build], check=True)
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", installed], check=True)
    # The library itself, not its links.
    return os.path.realpath(os.path.join(installed, "lib", PACKED[0])), os.path.join(installed, "bin", PACKED[1])


class KehuBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        if self.target_name == "sdist":
            included = {os.path.realpath(path): name for path, name in build_data["force_include"].items()}  # LICENSE is a link
            if SOURCES != UNPACKED:
                included.update({os.path.join(SOURCES, part): f"csrc/{part}" for part in PARTS})
            build_data["force_include"] = included
            return
        self.folder = tempfile.TemporaryDirectory()
        made = dict(zip(PACKED, build(self.folder.name)))
        build_data["pure_python"] = False
        platform = os.environ.get("KEHU_WHEEL_PLATFORM") or sysconfig.get_platform()
        build_data["tag"] = "py3-none-" + platform.replace("-", "_").replace(".", "_")
        if version == "editable":  # imported from the tree, so it goes there; git ignores it
            for name, path in made.items():
                shutil.copy(path, os.path.join(HERE, "src", "kehu", name))
        else:
            build_data["force_include"].update({path: f"kehu/{name}" for name, path in made.items()})
            page = os.environ.get("KEHU_REPORT_PAGE")
            build_data["sbom_files"].append(bill_of_materials(self.folder.name, page))
            if page:
                build_data["force_include"][os.path.join(page, "template.html")] = "kehu/template.html"
                build_data["force_include"].update({os.path.join(page, "node_modules", name): "kehu/licences/" + name.replace("/", "-")
                                                    for name in PAGE_LICENCES})

    def finalize(self, version, build_data, artifact_path):
        if self.target_name == "wheel":
            self.folder.cleanup()
