/* What the generated native methods leave over: memory, and the three ways back from C
 * into Java. Nothing here makes a Java object but the view of a piece of memory. */
#include <jni.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <kehu/evaluate.h>

static JavaVM *vm;
static jclass callbacks; /* a global reference, so that the ids stay good */
static jmethodID on_progress, on_write, on_learn;

/* The environment of the calling thread, which is Java's; NULL when it has an exception
 * already. */
static JNIEnv *calm_environment(void)
{
    void *env = NULL;
    if ((*vm)->GetEnv(vm, &env, JNI_VERSION_1_8) != JNI_OK ||
        (*(JNIEnv *)env)->ExceptionCheck(env))
        return NULL;
    return env;
}

static int report(void *ctx, double done, const char *stage)
{
    JNIEnv *env = calm_environment();
    jboolean goes_on;
    if (env == NULL)
        return 1;
    goes_on =
        (*env)->CallStaticBooleanMethod(env, callbacks, on_progress, (jlong)(intptr_t)ctx,
                                        (jdouble)done, (jlong)(intptr_t)stage);
    return (*env)->ExceptionCheck(env) || !goes_on;
}

/* For work that nobody listens to: Java is asked whether the thread was interrupted, but
 * not when all is done. */
static int check_interrupt(void *ctx, double done, const char *stage)
{
    return done < 1 && report(ctx, done, stage);
}

static int write_bytes(void *ctx, const void *bytes, size_t size)
{
    JNIEnv *env = calm_environment();
    jboolean goes_on;
    if (env == NULL)
        return 1;
    goes_on =
        (*env)->CallStaticBooleanMethod(env, callbacks, on_write, (jlong)(intptr_t)ctx,
                                        (jlong)(intptr_t)bytes, (jlong)size);
    return (*env)->ExceptionCheck(env) || !goes_on;
}

static kehu_status learn(void *ctx, const int64_t *known, int64_t n_known,
                         const int64_t *asked, int64_t n_asked, int32_t *answers,
                         float *probabilities, kehu_error *err)
{
    static const kehu_error stopped = {.code = KEHU_CANCELLED,
                                       .where = -1,
                                       .message =
                                           "stopped by the caller during learning"};
    JNIEnv *env = calm_environment();
    jboolean goes_on = JNI_FALSE;
    if (env != NULL)
        goes_on = (*env)->CallStaticBooleanMethod(
            env, callbacks, on_learn, (jlong)(intptr_t)ctx, (jlong)(intptr_t)known,
            (jlong)n_known, (jlong)(intptr_t)asked, (jlong)n_asked,
            (jlong)(intptr_t)answers, (jlong)(intptr_t)probabilities);
    if (goes_on && !(*env)->ExceptionCheck(env))
        return KEHU_OK;
    *err = stopped;
    return KEHU_CANCELLED;
}

/* A function's address as a number: ISO C has no cast for it. */
static jlong address_of(const void *function, size_t size)
{
    intptr_t address = 0;
    memcpy(&address, function, size);
    return (jlong)address;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *loading, void *reserved)
{
    void *found = NULL;
    JNIEnv *env;
    jclass local;
    (void)reserved;
    vm = loading;
    if ((*vm)->GetEnv(vm, &found, JNI_VERSION_1_8) != JNI_OK)
        return JNI_ERR;
    env = found;
    if ((local = (*env)->FindClass(env, "org/kehu/Callbacks")) == NULL ||
        (callbacks = (*env)->NewGlobalRef(env, local)) == NULL ||
        (on_progress = (*env)->GetStaticMethodID(env, callbacks, "progress", "(JDJ)Z")) ==
            NULL ||
        (on_write = (*env)->GetStaticMethodID(env, callbacks, "write", "(JJJ)Z")) ==
            NULL ||
        (on_learn = (*env)->GetStaticMethodID(env, callbacks, "learn", "(JJJJJJJ)Z")) ==
            NULL)
        return JNI_ERR;
    return JNI_VERSION_1_8;
}

#define METHOD(result, name) JNIEXPORT result JNICALL Java_org_kehu_Memory_##name

METHOD(jlong, allocate)(JNIEnv *env, jclass self, jlong size);
METHOD(void, release)(JNIEnv *env, jclass self, jlong address);
METHOD(jobject, view)(JNIEnv *env, jclass self, jlong address, jlong size);
METHOD(jlong, addressOf)(JNIEnv *env, jclass self, jobject buffer);
METHOD(jlong, textLength)(JNIEnv *env, jclass self, jlong address);
METHOD(jlong, progressFunction)(JNIEnv *env, jclass self);
METHOD(jlong, interruptFunction)(JNIEnv *env, jclass self);
METHOD(jlong, writeFunction)(JNIEnv *env, jclass self);
METHOD(jlong, learnFunction)(JNIEnv *env, jclass self);

METHOD(jlong, allocate)(JNIEnv *env, jclass self, jlong size)
{
    (void)env, (void)self;
    return size < 0 ? 0 : (jlong)(intptr_t)malloc(size > 0 ? (size_t)size : 1);
}

METHOD(void, release)(JNIEnv *env, jclass self, jlong address)
{
    (void)env, (void)self;
    free((void *)(intptr_t)address);
}

METHOD(jobject, view)(JNIEnv *env, jclass self, jlong address, jlong size)
{
    (void)self;
    return (*env)->NewDirectByteBuffer(env, (void *)(intptr_t)address, size);
}

METHOD(jlong, addressOf)(JNIEnv *env, jclass self, jobject buffer)
{
    (void)self;
    return buffer == NULL ? 0
                          : (jlong)(intptr_t)(*env)->GetDirectBufferAddress(env, buffer);
}

METHOD(jlong, textLength)(JNIEnv *env, jclass self, jlong address)
{
    (void)env, (void)self;
    return address == 0 ? 0 : (jlong)strlen((const char *)(intptr_t)address);
}

METHOD(jlong, progressFunction)(JNIEnv *env, jclass self)
{
    int (*function)(void *, double, const char *) = report;
    (void)env, (void)self;
    return address_of(&function, sizeof function);
}

METHOD(jlong, interruptFunction)(JNIEnv *env, jclass self)
{
    int (*function)(void *, double, const char *) = check_interrupt;
    (void)env, (void)self;
    return address_of(&function, sizeof function);
}

METHOD(jlong, writeFunction)(JNIEnv *env, jclass self)
{
    int (*function)(void *, const void *, size_t) = write_bytes;
    (void)env, (void)self;
    return address_of(&function, sizeof function);
}

METHOD(jlong, learnFunction)(JNIEnv *env, jclass self)
{
    kehu_status (*function)(void *, const int64_t *, int64_t, const int64_t *, int64_t,
                            int32_t *, float *, kehu_error *) = learn;
    (void)env, (void)self;
    return address_of(&function, sizeof function);
}

/* ---- texts ---- */

enum { CHUNK = 8192 }; /* as in Utf8.java */

static unsigned char *put(unsigned char *at, uint32_t c)
{
    if (c >= 0x10000) {
        *at++ = (unsigned char)(0xF0 | c >> 18);
        *at++ = (unsigned char)(0x80 | (c >> 12 & 0x3F));
    } else {
        *at++ = (unsigned char)(0xE0 | c >> 12);
    }
    *at++ = (unsigned char)(0x80 | (c >> 6 & 0x3F));
    *at++ = (unsigned char)(0x80 | (c & 0x3F));
    return at;
}

/* Write a text as UTF-8; NULL when it has an unpaired surrogate. */
static unsigned char *encode(unsigned char *at, const jchar *from, const jchar *end)
{
    while (from < end) {
        uint32_t c = *from++;
        if (c < 0x80) {
            *at++ = (unsigned char)c;
        } else if (c < 0x800) {
            *at++ = (unsigned char)(0xC0 | c >> 6);
            *at++ = (unsigned char)(0x80 | (c & 0x3F));
        } else if (c < 0xD800 || c > 0xDFFF) {
            at = put(at, c);
        } else {
            if (c > 0xDBFF || from == end || *from < 0xDC00 || *from > 0xDFFF)
                return NULL;
            at = put(at, 0x10000 + ((c - 0xD800) << 10) + (*from++ - 0xDC00U));
        }
    }
    return at;
}

JNIEXPORT jint JNICALL Java_org_kehu_Utf8_encode(JNIEnv *env, jclass self,
                                                 jcharArray chars, jlong ends, jint count,
                                                 jlong to, jint base);
JNIEXPORT jint JNICALL Java_org_kehu_Utf8_encode(JNIEnv *env, jclass self,
                                                 jcharArray chars, jlong ends, jint count,
                                                 jlong to, jint base)
{
    jchar copy[CHUNK];
    int32_t *const end = (int32_t *)(intptr_t)ends;
    unsigned char *const first = (unsigned char *)(intptr_t)to, *at = first;
    const jchar *from = copy;
    (void)self;
    if (count == 0)
        return 0;
    (*env)->GetCharArrayRegion(env, chars, 0, end[count - 1], copy);
    for (jint i = 0; i < count; i++) {
        const jchar *const stop = copy + end[i];
        at = encode(at, from, stop);
        if (at == NULL)
            return -1;
        end[i] = (int32_t)(at - first) + base;
        from = stop;
    }
    return (jint)(at - first);
}
