#!/bin/sh
# Every test, on a bare Debian 12 as root or with sudo: installs what is missing, builds in build-tests/, and ends
# with one line of counts.
#
#     sh tests/run.sh                 gcc clang same asan outside python java
#     sh tests/run.sh valgrind tsan   some of them, or one of the slow ones: valgrind tsan fuzz asan_job wheels java_asan
#                                   java_jmh java_natives java_spark spark s390x aarch64 i386 musl windows
#                                   debian conan docs free_threaded abi licences
#
#   gcc       all tests with gcc, those on real data included (KEHU_DATA, or ../shared/data; absent: skipped)
#   clang     the quick tests with clang
#   same      gcc's and clang's builds write the same bytes
#   asan      address and undefined-behaviour sanitizers, clang
#   asan_job  the main job on bad input under the same
#   tsan      thread sanitizer, clang
#   valgrind  the unit tests under valgrind
#   s390x     the unit tests for a big-endian processor, under QEMU: every model file and result has the same bytes
#   aarch64   the same for 64-bit ARM
#   i386      the same for 32-bit x86, without an emulator
#   musl      the same with musl in the place of glibc
#   windows   the same for 64-bit Windows by MinGW, under Wine
#   java_asan the jar's tests with the native library under the address and undefined-behaviour sanitizers
#   java_jmh  the benchmarks of the jar are built and run, too shortly to measure
#   java_natives  the native libraries of all platforms and their jars are built, checked and run on a Java of each,
#             other processors' under QEMU
#   outside   programs of other projects find and link the library
#   debian    the Debian packages are built, checked, installed, used by a program and removed
#   conan     the same with Conan's packages
#   abi       the library has the binary interface of the version it says it is (abidiff)
#   licences  every file says whose it is (REUSE), and the bills of materials are good (CycloneDX)
#   docs      the reference is made from headers and docstrings, a warning being an error; the README's first command runs
#             and gives the picture that the README shows
#   java      the jar, the module for Arrow and their tests, on Java 17 and on every other JDK that is installed
#   python    the Python package: its wheel is built, installed without other packages, type-checked and tested
#   free_threaded  the Python package on the interpreter that KEHU_FREE_THREADED names, one built with --disable-gil
#   spark     kehu.spark gives what one process gives, on a standalone master with two workers and in local[2]
#   java_spark  kehu-spark does the same, in one JVM and on a standalone master with two workers
#   wheels    the wheels of all platforms are built, checked and, other processors' under QEMU, run
#   fuzz      every fuzz target for KEHU_FUZZ_SECONDS (60) under clang's libFuzzer
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/support/install.sh

ensure gcc=gcc g++=g++ clang=clang ld=binutils '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a=libclang-rt-14-dev' \
    '/usr/lib/llvm-*/bin/llvm-symbolizer=llvm-14' /usr/include/string.h=libc6-dev \
    meson=meson ninja=ninja-build pkg-config=pkg-config python3=python3 valgrind=valgrind xz=xz-utils sqlite3=sqlite3 \
    /usr/include/cmocka.h=libcmocka-dev /usr/lib/python3/dist-packages/jieba/dict.txt=python3-jieba \
    liblinear-train=liblinear-tools node=nodejs npm=npm chromium=chromium \
    '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc=fonts-noto-cjk' || exit 1

out=build-tests
mkdir -p $out
passed=0 failed=0 skipped=0

# need WHAT=PACKAGE...: for one part; counts as a failure when it cannot be had.
need() {
    ensure "$@" && return 0
    failed=$((failed + 1))
    return 1
}

# count NAME LOG: add up what meson wrote of a finished run.
count() {
    set -- "$1" "$(python3 tests/support/count.py "$2")"
    # shellcheck disable=SC2086
    set -- "$1" $2
    echo "$1: $2 passed, $3 failed, $4 skipped"
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
}

# one NAME COMMAND...: a single check that is a command.
one() {
    name=$1
    shift
    if "$@" >"$out/$name.log" 2>&1; then
        passed=$((passed + 1))
        echo "$name: passed"
    else
        failed=$((failed + 1))
        echo "$name: FAILED"
        tail -n 30 "$out/$name.log"
    fi
}

# build NAME COMPILER MESON_OPTION...
build() {
    name=$1 compiler=$2
    shift 2
    rm -rf "${out:?}/$name"
    if CC=$compiler meson setup "$out/$name" "$@" >"$out/$name.log" 2>&1 && ninja -C "$out/$name" >>"$out/$name.log" 2>&1; then
        return 0
    fi
    failed=$((failed + 1))
    echo "$name: the build FAILED"
    grep -E 'error:|ERROR:|FAILED:' -A 5 "$out/$name.log" | head -n 60
    return 1
}

# run NAME BUILD MESON_TEST_OPTION...: the tests of a build, and what of them failed.
run() {
    name=$1 folder=$2 logs=$out/$2/meson-logs
    shift 2
    rm -f "$logs/$name"*.json
    meson test -C "$out/$folder" --no-rebuild --print-errorlogs --logbase "$name" "$@" >"$out/$name-test.log" 2>&1 ||
        grep -E 'FAIL|TIMEOUT|ERROR' "$out/$name-test.log"
    count "$name" "$(echo "$logs/$name"*.json)" # meson puts a wrapper's name behind ours
}

part_gcc() { build gcc gcc && run gcc gcc; }
part_clang() { build clang clang && run clang clang --no-suite real --no-suite slow --no-suite job; }
part_same() {
    [ -d $out/gcc ] || build gcc gcc || return
    [ -d $out/clang ] || build clang clang || return
    one same python3 tests/support/same.py $out/same $out/gcc $out/clang
}
# sanitized NAME COMPILER MESON_OPTION...: a build for clang's address and undefined-behaviour sanitizers.
sanitized() { build "$@" -Db_sanitize=address,undefined -Db_lundef=false -Ddefault_library=static -Doptimization=1; }
part_asan() {
    sanitized asan clang &&
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 run asan asan --no-suite real --no-suite slow --no-suite job --timeout-multiplier 5
}
part_asan_job() {
    [ -x $out/asan/examples/customer_insight ] || sanitized asan clang || return
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 run asan_job asan --suite job --timeout-multiplier 10
}
part_tsan() {
    build tsan clang -Db_sanitize=thread -Db_lundef=false -Ddefault_library=static -Doptimization=1 &&
        run tsan tsan --suite unit --timeout-multiplier 10
}
part_valgrind() {
    [ -d $out/gcc ] || build gcc gcc || return
    run valgrind gcc --suite unit --timeout-multiplier 20 \
        --wrapper 'valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite'
}
# cmocka NAME COMPILER: a static cmocka for a system of which Debian has none here, from Debian's source, in $out/cmocka/NAME.
cmocka() (
    cd $out || exit
    ls cmocka/cmocka_*.orig.tar.xz >/dev/null 2>&1 || source_of cmocka cmocka || exit
    rm -rf "cmocka/$1" && mkdir "cmocka/$1" && tar -xf cmocka/cmocka_*.orig.tar.xz -C "cmocka/$1" --strip-components=1 &&
        cd "cmocka/$1" && sed -i 's/__format__ (__printf__/__format__ (gnu_printf/' include/cmocka.h || exit
    for has in MALLOC_H INTTYPES_H SIGNAL_H STRINGS_H STRUCT_TIMESPEC GCC_THREAD_LOCAL_STORAGE CLOCK_REALTIME STRSIGNAL; do
        set -- "$@" -DHAVE_$has=1
    done
    shift
    "$@" -w -O1 -D_GNU_SOURCE -Iinclude -c src/cmocka.c -o cmocka.o && "$("$1" -print-prog-name=ar)" rcs libcmocka.a cmocka.o &&
        printf 'Name: cmocka\nDescription: unit tests\nVersion: 1.1.5\nLibs: -L%s -lcmocka\nCflags: -I%s/include\n' "$PWD" "$PWD" >cmocka.pc
)
# elsewhere NAME COMPILER TIMES_SLOWER MESON_OPTION...: the tests with that cmocka.
elsewhere() {
    name=$1 compiler=$2 slower=$3
    shift 3
    if ! cmocka "$name" "$compiler" >"$out/$name-cmocka.log" 2>&1; then
        failed=$((failed + 1))
        echo "$name: cmocka FAILED"
        tail -n 20 "$out/$name-cmocka.log"
        return 1
    fi
    build "$name" "$compiler" "-Dpkg_config_path=$PWD/$out/cmocka/$name" "$@" &&
        run "$name" "$name" --suite unit --suite golden --suite fuzz --timeout-multiplier "$slower"
}
part_musl() { need musl-gcc=musl-tools && elsewhere musl musl-gcc 4; }
# cross PART PROCESSOR DEBIAN_NAME TIMES_SLOWER: by Debian's cross compiler.
cross() {
    need "$2-linux-gnu-gcc=gcc-$2-linux-gnu" "/usr/$2-linux-gnu/include/stdio.h=libc6-dev-$3-cross" &&
        elsewhere "$1" "$2-linux-gnu-gcc" "$4" --cross-file "tests/support/$1.ini"
}
part_i386() { cross i386 i686 i386 4; }
part_aarch64() { need qemu-aarch64-static=qemu-user-static && cross aarch64 aarch64 arm64 20; }
part_s390x() { need qemu-s390x-static=qemu-user-static && cross s390x s390x s390x 20; }
part_windows() {
    need x86_64-w64-mingw32-gcc-posix=gcc-mingw-w64-x86-64-posix wine=wine /usr/lib/wine/wine64=wine64 || return
    export WINEPREFIX="$PWD/$out/wine" WINEDEBUG=-all
    elsewhere windows x86_64-w64-mingw32-gcc-posix 4 --cross-file tests/support/windows.ini
}
part_fuzz() {
    sanitized fuzz clang -Dc_args=-DKEHU_FUZZ || return
    for target in "$out"/fuzz/tests/fuzz_*; do
        [ -x "$target" ] && [ -f "$target" ] || continue
        name=$(basename "$target")
        mkdir -p "$out/found/$name"
        one "$name" "$target" -max_total_time="${KEHU_FUZZ_SECONDS:-60}" -timeout=20 -rss_limit_mb=2048 -max_len=65536 \
            -artifact_prefix="$out/found/$name-" "$out/found/$name" "tests/fuzz/corpus/${name#fuzz_}"
    done
}
# maven FOLDER TARGET GOAL OPTION...: Maven's repository is the build folder's own.
maven() {
    project=$1 target=$2
    shift 2
    mvn -q -B -Dstyle.color=never -f "$project" -Dmaven.repo.local="$PWD/$out/m2" -Dkehu.build="$PWD/$out/java/bindings/java" \
        -Dkehu.target="$PWD/$out/java/$target" "$@"
}
need_maven() {
    need javac=openjdk-17-jdk-headless mvn=maven || return
    [ -n "${SSL_CERT_FILE:-}" ] || return 0
    java tests/support/TrustStore.java "$SSL_CERT_FILE" $out/trust.p12 || return
    export MAVEN_OPTS="-Djavax.net.ssl.trustStore=$PWD/$out/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit ${MAVEN_OPTS:-}"
}
# jar PROJECT TARGET JAVA GOAL OPTION...: make a jar or only run its tests, on this Java.
jar() {
    project=$1 target=$2 jvm=$3
    shift 3
    rm -rf "$out/java/$target/surefire-reports"
    maven "$project" "$target" -Djvm="$jvm" "$@" >"$out/java-$target.log" 2>&1 && return 0
    tail -n 40 "$out/java-$target.log"
    return 1
}
# on_every_java PROJECT TARGET: a jar, its sources and documentation, into Maven's repository; its tests on Java 17 and
# on every other JDK that is installed.
on_every_java() {
    for java in /usr/lib/jvm/*/bin/java; do
        readlink -f "$java"
    done | sort -u >$out/java.jdks
    goal=install
    while read -r java; do
        jar "$1" "$2" "$java" $goal || failed=$((failed + 1))
        count "$(basename "$1") on $(basename "$(dirname "$(dirname "$java")")")" "$out/java/$2/surefire-reports"
        goal=surefire:test
    done <$out/java.jdks
}
# native NAME MESON_OPTION...: the native library and the generated sources.
native() {
    need_maven || return
    name=$1
    shift
    rm -rf "${out:?}/$name"
    { CC=gcc meson setup "$out/$name" "$@" && ninja -C "$out/$name" bindings/java/natives.stamp; } >"$out/$name.log" 2>&1 && return 0
    failed=$((failed + 1))
    echo "$name: the build FAILED"
    tail -n 30 "$out/$name.log"
    return 1
}
part_java() {
    native java || return
    on_every_java bindings/java target
    on_every_java bindings/java/kehu-arrow target-arrow
}
part_java_asan() {
    # A tree that was built before may be older than its sources.
    { [ -f $out/java/build.ninja ] && ninja -C $out/java bindings/java/natives.stamp >>$out/java.log 2>&1; } || native java || return
    native java_asan -Db_sanitize=address,undefined -Db_lundef=false -Ddefault_library=static -Doptimization=1 || return
    LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" UBSAN_OPTIONS=halt_on_error=1 \
        ASAN_OPTIONS=handle_segv=0:handle_sigfpe=0:detect_leaks=0:allocator_may_return_null=1 \
        jar bindings/java target "$(command -v java)" test '-Dtest=!ExamplesTest,!LoaderTest' \
        -Dkehu.test.jvm="-Dkehu.native=$PWD/$out/java_asan/bindings/java/libkehu_jni.so" || failed=$((failed + 1))
    count java_asan $out/java/target/surefire-reports
}
java_jmh() {
    maven bindings/java target install -DskipTests -Dmaven.javadoc.skip -Dmaven.source.skip && maven bindings/java/jmh jmh package &&
        java -jar $out/java/jmh/kehu-jmh.jar -foe true -f 1 -wi 0 -i 1 -r 100ms
}
part_java_jmh() {
    native java || return
    one java_jmh java_jmh
}
part_outside() { need cmake=cmake && one outside sh tests/outside/run.sh $out/outside; }
part_debian() { need dpkg-buildpackage=dpkg-dev dh=debhelper lintian=lintian && one debian sh tests/outside/debian.sh $out/debian; }
part_abi() {
    need abidiff=abigail-tools || return
    [ -e $out/gcc/src/libkehu.so ] || build gcc gcc || return
    one abi python3 tests/outside/abi.py $out/gcc/src/libkehu.so $out/abi
}
part_licences() {
    one licences-environment virtual licences licences
    one page sh examples/report/build.sh $out/licences-page
    one licences $out/licences/bin/python tests/outside/licences.py $out/licences-made $out/licences-page/node_modules
}
part_conan() { need '/usr/lib/python3*/ensurepip/__init__.py=python3-venv' && one conan sh tests/outside/conan.sh $out/conan; }

# virtual NAME GROUP [PYTHON]: a fresh virtual environment with the packages of a group in bindings/python/pyproject.toml.
virtual() {
    ensure '/usr/lib/python3*/ensurepip/__init__.py=python3-venv' || return
    rm -rf "${out:?}/$1"
    "${3:-python3}" -m venv "$out/$1" && "$out/$1/bin/pip" install -q --upgrade pip &&
        "$out/$1/bin/pip" install -q --group "bindings/python/pyproject.toml:$2"
}

# pytest_of NAME VENV ARGUMENT...
pytest_of() {
    name=$1 python=$out/$2/bin/python
    shift 2
    rm -f "$out/$name.xml"
    "$python" -m pytest -q -c bindings/python/pyproject.toml --rootdir bindings/python --junitxml "$out/$name.xml" "$@" \
        >"$out/$name.log" 2>&1 || tail -n 60 "$out/$name.log"
    count "$name" "$out/$name.xml"
}

build_and_install_wheel() {
    virtual python test && rm -rf "${out:?}/wheel" &&
        "$out/python/bin/python" -m build --no-isolation --skip-dependency-check --wheel bindings/python --outdir $out/wheel &&
        "$out/python/bin/pip" install --no-index $out/wheel/*.whl
}
part_python() {
    one python-wheel build_and_install_wheel
    [ -e $out/python/lib/python3*/site-packages/kehu/libkehu.so.0 ] || return
    one python-types $out/python/bin/python -m mypy --config-file bindings/python/pyproject.toml --cache-dir $out/mypy -p kehu
    one python-pyright $out/python/bin/pyright --pythonpath $out/python/bin/python bindings/python/src/kehu
    [ -x $out/gcc/examples/customer_insight ] || build gcc gcc || return # the sample, and what the main job makes of it
    KEHU_EXAMPLES=$PWD/$out/gcc/examples pytest_of python-tests python bindings/python/tests
    pytest_of python-doctests python --doctest-modules --pyargs kehu --ignore-glob='*/spark.py'
}
reference() {
    virtual docs docs && PYTHONPATH=$PWD/bindings/python/src KEHU_LIBRARY=$PWD/$out/gcc/src/libkehu.so \
        "$out/docs/bin/python" src/reference.py "$out/reference"
}
# picture: that of the README is the main job's. After a change of either, copy the new one.
picture() {
    node examples/report/picture.mjs $out/run/page $out/run/report/report.json $out/report.svg && cmp $out/report.svg examples/guide/report.svg
}
part_docs() {
    need doxygen=doxygen || return
    [ -e $out/gcc/src/libkehu.so ] || build gcc gcc || return
    one reference reference
    one main-job sh examples/run.sh $out/run
    one picture picture
}
free_threaded() ( # duckdb's newest has no build yet, and would take an hour to make
    export PIP_ONLY_BINARY=:all:
    virtual free_threaded free-threaded "$KEHU_FREE_THREADED"
)
part_free_threaded() {
    if [ -z "${KEHU_FREE_THREADED:-}" ]; then
        echo "free_threaded: FAILED, KEHU_FREE_THREADED names no interpreter"
        failed=$((failed + 1))
        return
    fi
    one free_threaded-environment free_threaded
    one free_threaded-wheel "$out/free_threaded/bin/python" -m pip install bindings/python
    # The notebooks want polars, which has no build for it.
    PYTHON_GIL=0 pytest_of free_threaded free_threaded bindings/python/tests --ignore bindings/python/tests/test_notebooks.py
}
part_spark() {
    need java=openjdk-17-jre-headless || return
    one spark-environment virtual spark spark
    one spark-wheel "$out/spark/bin/python" -m pip install bindings/python
    PYSPARK_PYTHON=$PWD/$out/spark/bin/python pytest_of spark spark bindings/python/spark
    KEHU_SPARK='local[2]' PYSPARK_PYTHON=$PWD/$out/spark/bin/python pytest_of spark-local spark bindings/python/spark \
        -k 'classify or score or rfm or counts or worker_maps'
}
# java_spark: the jar for Spark, in Maven's repository what it needs, its tests on Java 17 and on no other, which Spark may
# not know yet.
part_java_spark() {
    native java || return
    one java_spark-jar maven bindings/java target install -DskipTests -Dmaven.javadoc.skip -Dmaven.source.skip
    jar bindings/java/kehu-spark target-spark "$(command -v java)" install || failed=$((failed + 1))
    count java_spark $out/java/target-spark/surefire-reports
}
part_wheels() {
    need qemu-aarch64-static=qemu-user-static /lib/ld-musl-x86_64.so.1=musl || return
    rm -rf "${out:?}/wheels-made"
    one wheels-environment virtual wheels wheels
    KEHU_WHEELS=$PWD/$out/wheels-made pytest_of wheels wheels bindings/python/wheels
}
part_java_natives() {
    need_maven && need qemu-aarch64-static=qemu-user-static /lib/ld-musl-x86_64.so.1=musl /usr/lib/x86_64-linux-gnu/libz.a=zlib1g-dev || return
    rm -rf "${out:?}/natives-made"
    one natives-environment virtual natives natives
    KEHU_NATIVES=$PWD/$out/natives-made KEHU_MAVEN="-Dmaven.repo.local=$PWD/$out/m2" pytest_of natives natives bindings/java/natives
}

[ $# -gt 0 ] || set -- gcc clang same asan outside python java
for part in "$@"; do
    "part_$part"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
