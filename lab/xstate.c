/*
 * ptrace() for the kernels in kernels.py, on processors with more registers than these know.
 *
 * They read and write a guest's floating point registers (PTRACE_GETREGSET and PTRACE_SETREGSET of NT_X86_XSTATE) with a
 * buffer of a size that was fixed when they were built. The host's kernel takes a write of the whole set alone (xstateregs_set in
 * arch/x86/kernel/fpu/regset.c), which is larger where the processor has AMX, so each guest would end at its first
 * process. What lies beyond the buffer is kept as it is: no process in a guest can have used it.
 *
 * Built without any header, so that a compiler alone is enough.
 */

typedef unsigned long size;

struct iovec {
    char *base;
    size length;
};

enum { GETREGSET = 0x4204, SETREGSET = 0x4205, XSTATE = 0x202 };

extern void *dlsym(void *handle, const char *name);
extern void *memcpy(void *to, const void *from, size count);

/* A kernel of these has one thread that calls ptrace, and a stack too small for this. */
static char whole[1 << 16];

long ptrace(int request, int pid, void *address, void *data)
{
    static long (*next)(int, int, void *, void *);
    struct iovec *part = data, all = {whole, sizeof whole};
    long result;

    if (!next)
        next = dlsym((void *)-1L, "ptrace"); /* RTLD_NEXT */
    if ((request != GETREGSET && request != SETREGSET) || address != (void *)XSTATE)
        return next(request, pid, address, data);
    result = next(GETREGSET, pid, address, &all);
    if (result || part->length >= all.length)
        return result ? result : next(request, pid, address, data);
    if (request == GETREGSET) {
        memcpy(part->base, whole, part->length);
        return 0;
    }
    memcpy(whole, part->base, part->length);
    return next(SETREGSET, pid, address, &all);
}
