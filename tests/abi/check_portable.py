"""Fail when the shared library calls what neither C11 nor POSIX 2008 has, so that it would be missing on macOS, a BSD or musl.

Usage: check_portable.py LIBRARY
"""
import subprocess
import sys

KNOWN = set("""
    close closedir fcntl fdatasync fmax fmaxf fmin fminf floor floorf ceil sqrt sqrtf fabs free frexp fstat fsync ftruncate getcwd getpid
    ldexp memchr memcmp memcpy memmove memset mkdir mmap munmap nextafter nextafterf open opendir pread pthread_create pthread_join pthread_self pwrite readdir
    realloc rename snprintf strchr strcmp strcspn strlen strncmp strpbrk strrchr strspn strstr unlink vsnprintf
""".split())
KNOWN.add("madvise")  # only where the headers have MADV_HUGEPAGE
KNOWN.add("bcmp")  # clang's for a memcmp that only asks for equality, where the system has it
out = subprocess.run(["nm", "-D", "--undefined-only", sys.argv[1]], capture_output=True, text=True, check=True).stdout
names = {line.split()[-1].split("@")[0] for line in out.splitlines()}
# Names with an underscore are the compiler's; 64 is glibc's mark of a call with wide offsets.
found = sorted(n for n in names if n[0] != "_" and n not in KNOWN and n.removesuffix("64") not in KNOWN)
for name in found:
    print(f"{name}: is it in C11 or POSIX 2008? Then list it here, else give it a fallback")
sys.exit(bool(found))
