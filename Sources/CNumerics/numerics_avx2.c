// AVX2 with fused multiply-add: 16 registers of 4 doubles. A tile of 4 rows × 8 columns has 8 accumulators.
#include "CNumerics.h"
#if defined(__x86_64__)
static int is_available(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#define NAME avx2
#define HAS_FMA 1
#define ROWS 4
#define WIDE 1
#pragma clang attribute push(__attribute__((target("avx2,fma"), min_vector_width(256))), apply_to = function)
#include "numerics_body.h"
#pragma clang attribute pop
#endif
