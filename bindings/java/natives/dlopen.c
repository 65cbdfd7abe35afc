/* Load the library as a JVM does, without a JVM, and have it learn to classify two texts:
 * prints its version, the fingerprint of its declarations, and the class of a third text.
 *
 *     dlopen LIBRARY */
#include <dlfcn.h>
#include <jni.h>
#include <kehu/svm.h>
#include <stdio.h>
#include <string.h>

static void *library;

/* The native method of that name; ISO C has no cast from an object's pointer. */
static int find(void *function, const char *name)
{
    void *const found = dlsym(library, name);
    memcpy(function, &found, sizeof found);
    if (found == NULL)
        fprintf(stderr, "%s\n", dlerror());
    return found != NULL;
}

static jlong address(const void *object)
{
    return (jlong)(intptr_t)object;
}

static int classify(void)
{
    static const int32_t two[] = {0, 6, 12}, four[] = {0, 4, 8}, one[] = {0, 9};
    const kehu_column texts = {.type = KEHU_UTF8,
                               .length = 2,
                               .data = "\xE5\xAE\xBD\xE5\xB8\xA6\xE8\xAF\x9D\xE8\xB4\xB9",
                               .offsets = two};
    const kehu_column labels = {
        .type = KEHU_UTF8, .length = 2, .data = "linebill", .offsets = four};
    const kehu_column asked = {.type = KEHU_UTF8,
                               .length = 1,
                               .data = "\xE8\xAF\x9D\xE8\xB4\xB9\xE9\xAB\x98",
                               .offsets = one};
    const kehu_svm_options options = {.size = sizeof options, .cost = 1};
    jint (*train)(JNIEnv *, jclass, jlong, jlong, jlong, jlong, jlong);
    jint (*predict)(JNIEnv *, jclass, jlong, jlong, jlong, jlong, jlong, jlong, jlong);
    jlong (*name)(JNIEnv *, jclass, jlong, jint);
    void (*release)(JNIEnv *, jclass, jlong);
    kehu_svm *svm = NULL;
    kehu_error err = {0};
    int32_t found = -1;
    if (!find(&train, "Java_org_kehu_Native_svmTrain") ||
        !find(&predict, "Java_org_kehu_Native_svmPredict") ||
        !find(&name, "Java_org_kehu_Native_svmClassName") ||
        !find(&release, "Java_org_kehu_Native_svmFree"))
        return 1;
    if (train(NULL, NULL, address(&svm), address(&texts), address(&labels),
              address(&options), address(&err)) != KEHU_OK ||
        predict(NULL, NULL, address(svm), address(&asked), 0, address(&found), 0, 0,
                address(&err)) != KEHU_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("%s\n", (const char *)(intptr_t)name(NULL, NULL, address(svm), found));
    release(NULL, NULL, address(svm));
    return 0;
}

int main(int argc, char **argv)
{
    jint (*load)(JavaVM *, void *);
    jint (*version)(JNIEnv *, jclass);
    jlong (*fingerprint)(JNIEnv *, jclass);
    library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    if (!find(&load, "JNI_OnLoad") ||
        !find(&version, "Java_org_kehu_Native_versionNumber") ||
        !find(&fingerprint, "Java_org_kehu_Loader_fingerprint"))
        return 1;
    printf("%d %lld ", (int)version(NULL, NULL), (long long)fingerprint(NULL, NULL));
    return classify();
}
