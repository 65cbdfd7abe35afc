"""The source distribution and the wheels of all platforms: what they hold, what they need, that they run.

KEHU_WHEELS names a folder to build them in (or where they are already).
"""
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile

import build_wheels
import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(build_wheels.PROJECT))


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def tool(name):
    return os.path.join(os.path.dirname(sys.executable), name)


@pytest.fixture(scope="session")
def made():
    folder = os.path.abspath(os.environ["KEHU_WHEELS"])
    if not os.path.isdir(folder):
        run(sys.executable, os.path.join(HERE, "build_wheels.py"), folder)
    return folder


@pytest.fixture(scope="session")
def sdist(made):
    [path] = glob.glob(os.path.join(made, "*.tar.gz"))
    return path


@pytest.fixture(scope="session", params=build_wheels.TARGETS)
def platform(request):
    return request.param


@pytest.fixture(scope="session")
def wheel(made, platform):
    [path] = glob.glob(os.path.join(made, f"*-{platform}.whl"))
    return path


@pytest.fixture(scope="session")
def unpacked(wheel, platform, tmp_path_factory):
    folder = tmp_path_factory.mktemp(platform)
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


GOLDEN = [os.path.join(build_wheels.PROJECT, "tests", "test_golden.py"), "-q", "-p", "no:cacheprovider", "-c", os.devnull]


def test_installs_alone_and_answers_as_the_library_does(made, tmp_path):
    venv.create(tmp_path, with_pip=True)
    python = tmp_path / "bin" / "python"
    [path] = glob.glob(os.path.join(made, "*-manylinux*_x86_64.whl"))
    run(python, "-m", "pip", "install", "--no-index", path)
    found = run(python, "-m", "pip", "list", "--format=freeze", "--exclude=pip", "--exclude=setuptools").split()
    assert len(found) == 1
    run(python, "-m", "pytest", *GOLDEN, env={**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}, cwd=tmp_path)


def test_packagers_tools_have_nothing_to_say(sdist, wheel):
    run(tool("twine"), "check", "--strict", sdist, wheel)
    run(tool("check-wheel-contents"), wheel)


def test_tag_and_contents(wheel, platform):
    assert os.path.basename(wheel).endswith(f"-py3-none-{platform}.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert zipfile.ZipFile(wheel).getinfo("kehu/customer_insight").external_attr >> 16 & 0o111 == 0o111
    assert "kehu/libkehu.so.0" in names and "kehu/py.typed" in names and "kehu/_abi.py" in names
    page = zipfile.ZipFile(wheel).read("kehu/template.html").decode()
    assert "@REPORT@" in page and "Apache ECharts" in page
    assert {"kehu/licences/echarts-LICENSE", "kehu/licences/echarts-NOTICE", "kehu/licences/zrender-LICENSE"} <= set(names)
    [licence] = [n for n in names if n.endswith(".dist-info/licenses/LICENSE")]
    assert "Sun Junyi" in zipfile.ZipFile(wheel).read(licence).decode()
    [bill] = [json.loads(zipfile.ZipFile(wheel).read(n)) for n in names if n.endswith(".dist-info/sboms/kehu.cdx.json")]
    assert {part["name"] for part in bill["components"]} >= {"jieba word list", "echarts", "zrender", "tslib"}
    [metadata] = [n for n in names if n.endswith("METADATA")]
    required = re.findall(r"^Requires-Dist: (.*)$", zipfile.ZipFile(wheel).read(metadata).decode(), flags=re.M)
    assert required and all("extra ==" in line for line in required)


def needed(file):
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", file)))


def test_needs_nothing_but_the_c_library(wheel, unpacked, platform):
    libc = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libc.so", "ld-linux-aarch64.so.1"}
    assert needed(unpacked / "kehu" / "libkehu.so.0") <= libc
    assert needed(unpacked / "kehu" / "customer_insight") <= libc | {"libkehu.so.0"}
    if platform.startswith("manylinux"):  # of musl, auditwheel knows Alpine's name alone, not musl's own libc.so
        assert f'"{platform}"' in " ".join(run(tool("auditwheel"), "show", wheel).split())


def test_the_main_job_runs_from_the_wheel(unpacked, platform, arm):
    program = unpacked / "kehu" / "customer_insight"
    program.chmod(0o755)
    start = ["qemu-aarch64-static", "-L", arm] if "aarch64" in platform else []
    done = subprocess.run([*start, program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "customer_insight: --out is missing")


def test_exports_what_the_headers_declare(unpacked):
    symbols = run("readelf", "--dyn-syms", "--wide", unpacked / "kehu" / "libkehu.so.0")
    exported = {line.split()[7].split("@")[0] for line in symbols.splitlines() if re.search(r"FUNC +GLOBAL +DEFAULT +\d", line)}
    with open(os.path.join(ROOT, "tests", "abi", "symbols.txt"), encoding="utf-8") as f:
        assert exported == set(f.read().split())


def test_source_distribution_gives_the_same_wheel(sdist, tmp_path):
    tarfile.open(sdist).extractall(tmp_path)
    [unpacked] = glob.glob(str(tmp_path / "kehu-*"))
    sums = []
    for project in (unpacked, build_wheels.PROJECT):
        out = tmp_path / f"out{len(sums)}"
        build_wheels.build("wheel", project, str(out))
        [path] = out.glob("*.whl")
        sums.append(hashlib.sha256(path.read_bytes()).hexdigest())
    assert sums[0] == sums[1]


@pytest.fixture(scope="session")
def arm(tmp_path_factory):
    """A folder with Python and both C libraries for the other processor."""
    folder = tmp_path_factory.mktemp("arm")
    run("sh", os.path.join(HERE, "foreign_root.sh"), folder, "arm64", "python3.11-minimal", "libpython3.11-stdlib", "musl")
    return folder / "root"


def test_same_answers_on_another_processor(made, arm, tmp_path):
    [path] = glob.glob(os.path.join(made, "*-manylinux*_aarch64.whl"))
    zipfile.ZipFile(path).extractall(tmp_path)
    run("qemu-aarch64-static", "-L", arm, arm / "usr" / "bin" / "python3.11", "-m", "pytest", *GOLDEN, cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{sysconfig.get_path('purelib')}", "PYTHONHOME": str(arm / "usr"), "LANG": "C.UTF-8"})


@pytest.mark.parametrize("platform", [p for p in build_wheels.TARGETS if p.startswith("musllinux")], scope="session")
def test_runs_with_the_other_c_library(unpacked, platform, arm, tmp_path):
    """The README's program, as Debian has no Python for musl."""
    run(sys.executable, os.path.join(ROOT, "tests", "support", "readme.py"), os.path.join(ROOT, "README.md"), tmp_path / "readme.c")
    os.link(unpacked / "kehu" / "libkehu.so.0", tmp_path / "libkehu.so.0")
    run(*build_wheels.zig_cc(platform), "-O2", "-dynamic", "-I", os.path.join(ROOT, "include"), tmp_path / "readme.c", tmp_path / "libkehu.so.0",
        "-o", tmp_path / "readme")
    start = ["qemu-aarch64-static", "-L", arm, "-E", f"LD_LIBRARY_PATH={tmp_path}"] if "aarch64" in platform else []
    said = run(*start, tmp_path / "readme", os.path.join(ROOT, "tests", "golden", "readme_labelled.csv"),
               env={**os.environ, **({} if start else {"LD_LIBRARY_PATH": str(tmp_path)})})
    with open(os.path.join(ROOT, "tests", "golden", "readme_output.txt"), encoding="utf-8") as f:
        assert said == f.read()
