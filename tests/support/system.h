/* support/system.h - what POSIX and Windows call differently. */
#ifndef KEHU_TESTS_SYSTEM_H
#define KEHU_TESTS_SYSTEM_H
#if defined(_WIN32)
#include <direct.h>
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#define make_folder(path)   _mkdir(path)
#define copy_file(from, to) (CopyFileA(from, to, TRUE) ? 0 : -1)
#define shell(command)      ((void)(command), -1) /* has none, but another language */
#else
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#define make_folder(path)   mkdir(path, 0700)
#define copy_file(from, to) link(from, to)
#define shell(command)      system(command)
#endif
#endif
