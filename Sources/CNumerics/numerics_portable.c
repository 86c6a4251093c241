// For any machine: NEON on arm64. On x86 without fused multiply-add each one becomes a call of fma: the same bits, very slow.
#include "CNumerics.h"
static int is_available(void) { return 1; }
#define NAME portable
#ifdef __x86_64__
#define HAS_FMA 0
#else
#define HAS_FMA 1
#endif
#define ROWS 4
#define WIDE 1
#include "numerics_body.h"
