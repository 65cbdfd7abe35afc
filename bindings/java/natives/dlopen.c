/* Load the library as a JVM does, without a JVM, and ask it what needs none: its version
 * and the fingerprint of its declarations.
 *
 *     dlopen LIBRARY */
#include <dlfcn.h>
#include <jni.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
    jint (*version)(JNIEnv *, jclass);
    jlong (*fingerprint)(JNIEnv *, jclass);
    if (library == NULL || dlsym(library, "JNI_OnLoad") == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    *(void **)&version = dlsym(library, "Java_org_kehu_Native_versionNumber");
    *(void **)&fingerprint = dlsym(library, "Java_org_kehu_Loader_fingerprint");
    if (version == NULL || fingerprint == NULL)
        return 1;
    printf("%d %lld\n", (int)version(NULL, NULL), (long long)fingerprint(NULL, NULL));
    return 0;
}
