/* Lets one call of the system go wrong for a test: loaded before the library of C, it lets all calls through but the
   FAIL_AT-th of the kind FAIL_KIND on a file below FAIL_BELOW, and writes down in FAIL_TOLD which file that was. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 1024
/* How many calls find a full disk before there is room again. */
#define FULL_FOR 20

static atomic_long calls;
/* One more than the length that each file had when it was last made stable. */
static _Atomic off_t stable[FILES];

static int is_kind(const char *kind) {
    const char *wanted = getenv("FAIL_KIND");
    return wanted && strcmp(wanted, kind) == 0;
}

static int is_below(const char *path) {
    const char *below = getenv("FAIL_BELOW");
    return below && strncmp(path, below, strlen(below)) == 0;
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return is_below(path);
}

static void tell(const char *path) {
    const char *told = getenv("FAIL_TOLD");
    int fd = told ? open(told, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (fd < 0)
        return;
    dprintf(fd, "%s\n", path);
    close(fd);
}

/* Whether this call is the one, or one of so many from there on. */
static int is_due(const char *path, long many) {
    const char *at = getenv("FAIL_AT");
    long number = atomic_fetch_add(&calls, 1) + 1, first = at ? atol(at) : 0;
    if (first == 0 || number < first || number >= first + many)
        return 0;
    if (number == first)
        tell(path);
    return 1;
}

static off_t length_of(int fd) {
    struct stat found;
    return fstat(fd, &found) == 0 ? found.st_size : 0;
}

static void before_write(int fd) {
    if (fd >= 0 && fd < FILES && stable[fd] == 0)
        stable[fd] = length_of(fd) + 1;
}

/* What a write is to return at once; 1 lets it through, 2 has it write half. */
static int write_fails(int fd) {
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return 1;
    before_write(fd);
    if (is_kind("write") && is_due(path, 1)) {
        errno = EIO;
        return -1;
    }
    if (is_kind("full") && is_due(path, FULL_FOR)) {
        errno = ENOSPC;
        return -1;
    }
    return is_kind("short") && is_due(path, 1) ? 2 : 1;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real)
        real = dlsym(RTLD_NEXT, "write");
    int how = write_fails(fd);
    return how < 0 ? -1 : real(fd, bytes, how == 2 && length > 1 ? length / 2 : length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    static ssize_t (*real)(int, const struct iovec *, int);
    if (!real)
        real = dlsym(RTLD_NEXT, "writev");
    int how = write_fails(fd);
    return how < 0 ? -1 : real(fd, parts, how == 2 && count > 1 ? count / 2 : count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real)
        real = dlsym(RTLD_NEXT, "pwrite64");
    int how = write_fails(fd);
    return how < 0 ? -1 : real(fd, bytes, how == 2 && length > 1 ? length / 2 : length, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    return pwrite64(fd, bytes, length, offset);
}

/* A sync that fails loses what was appended since the one before, as a disk may. */
static int sync_as(int fd, int (*real)(int)) {
    char path[PATH_MAX];
    int below = path_of(fd, path);
    if (below && is_kind("sync") && is_due(path, 1)) {
        if (strstr(path, ".log") && fd < FILES && stable[fd] > 0 && ftruncate(fd, stable[fd] - 1) != 0)
            abort();
        errno = EIO;
        return -1;
    }
    int done = real(fd);
    if (done == 0 && fd >= 0 && fd < FILES && below)
        stable[fd] = length_of(fd) + 1;
    return done;
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real)
        real = dlsym(RTLD_NEXT, "fsync");
    return sync_as(fd, real);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real)
        real = dlsym(RTLD_NEXT, "fdatasync");
    return sync_as(fd, real);
}

int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    if (!real)
        real = dlsym(RTLD_NEXT, "rename");
    if (is_below(to) && is_kind("rename") && is_due(to, 1)) {
        errno = EIO;
        return -1;
    }
    return real(from, to);
}

int close(int fd) {
    static int (*real)(int);
    if (!real)
        real = dlsym(RTLD_NEXT, "close");
    if (fd >= 0 && fd < FILES)
        stable[fd] = 0;
    return real(fd);
}
