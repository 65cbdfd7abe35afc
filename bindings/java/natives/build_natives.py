"""Build the native library for every platform, with zig as the cross compiler, into one folder to make the jars of.

    python build_natives.py FOLDER
    mvn -f bindings/java -P natives -Dkehu.build=FOLDER/java install

Needs the packages of the group "natives" in bindings/python/pyproject.toml, a C compiler for this machine, and a JDK.
"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(ROOT, "bindings", "python", "wheels"))
import build_wheels  # noqa: E402

# The folder in the jar: the wheel's platform tag.
PLATFORMS = {
    "linux-x86_64": "manylinux_2_17_x86_64",
    "linux-aarch64": "manylinux_2_17_aarch64",
    "linux-x86_64-musl": "musllinux_1_2_x86_64",
    "linux-aarch64-musl": "musllinux_1_2_aarch64",
}


def run(*command):
    """Says what a command wrote only when it fails."""
    environment = {**os.environ, "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")


def build(platform, out):
    """The library of one platform, and the Java sources, which are the same on all."""
    folder = os.path.join(out, "build", platform)
    cross = folder + ".ini"
    build_wheels.write_cross_file(cross, PLATFORMS[platform])
    # What a newer clang warns of is not this build's matter.
    run("meson", "setup", folder, ROOT, "--cross-file", cross, "--buildtype=release", "-Ddefault_library=static", "-Dc_args=-Wno-error")
    run("ninja", "-j2", "-C", folder, "bindings/java/natives.stamp")
    made = os.path.join(folder, "bindings", "java")
    shutil.copytree(os.path.join(made, "jar"), os.path.join(out, "java", "jar"), dirs_exist_ok=True)
    for name in os.listdir(made):
        if name.endswith(".java"):
            shutil.copy(os.path.join(made, name), os.path.join(out, "java"))


def main():
    out = os.path.abspath(sys.argv[1])
    os.makedirs(os.path.join(out, "build"), exist_ok=True)
    for platform in PLATFORMS:
        build(platform, out)


if __name__ == "__main__":
    main()
