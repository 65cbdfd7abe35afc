"""Build the source distribution and a wheel for every platform, with zig as the cross compiler.

    python build_wheels.py OUT_FOLDER

Needs the packages of pyproject.toml's group "wheels", a C compiler for this machine, and npm for the report page.
"""
import os
import subprocess
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REPORT = os.path.join(os.path.dirname(os.path.dirname(PROJECT)), "examples", "report")

# The wheel's platform tag: zig's name of the target. The C library asks for nothing newer than these.
TARGETS = {
    "manylinux_2_17_x86_64": "x86_64-linux-gnu.2.17",
    "manylinux_2_17_aarch64": "aarch64-linux-gnu.2.17",
    "musllinux_1_2_x86_64": "x86_64-linux-musl",
    "musllinux_1_2_aarch64": "aarch64-linux-musl",
}


def zig_cc(platform):
    return [sys.executable, "-m", "ziglang", "cc", "-target", TARGETS[platform]]


def write_cross_file(path, platform):
    machine = "aarch64" if platform.endswith("aarch64") else "x86_64"
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"[binaries]\nc = {zig_cc(platform)}\nar = {[sys.executable, '-m', 'ziglang', 'ar']}\n"
                f"[host_machine]\nsystem = 'linux'\ncpu_family = '{machine}'\ncpu = '{machine}'\nendian = 'little'\n")


def build(what, project, out, **environment):
    """`python -m build`, by the build tools beside this Python; says what they wrote only when they fail."""
    environment["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    run = subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--skip-dependency-check", f"--{what}", project, "--outdir", out],
                         env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode:
        errors = "\n".join(line for line in run.stdout.splitlines() if "error:" in line.lower())
        sys.exit(f"{run.stdout[-4000:]}\n{errors}\nbuilding the {what} of {project} failed")


def build_for(platform, out):
    cross = os.path.join(out, f"{platform}.ini")
    write_cross_file(cross, platform)
    build("wheel", PROJECT, out, KEHU_WHEEL_PLATFORM=platform, KEHU_MESON_ARGS=f"--cross-file '{cross}'")


def main():
    out = os.path.abspath(sys.argv[1])
    os.makedirs(out, exist_ok=True)
    build("sdist", PROJECT, out)
    page = os.path.join(out, "page")
    subprocess.run(["sh", os.path.join(REPORT, "build.sh"), page], check=True)
    os.environ["KEHU_REPORT_PAGE"] = page
    for platform in TARGETS:
        build_for(platform, out)


if __name__ == "__main__":
    main()
