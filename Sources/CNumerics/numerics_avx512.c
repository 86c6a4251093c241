// AVX-512: 32 registers of 8 doubles. A tile of 8 rows × 16 columns has 16 accumulators.
#include "CNumerics.h"
#if defined(__x86_64__)
static int is_available(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
         && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}
#define NAME avx512
#define HAS_FMA 1
#define ROWS 8
#define WIDE 2
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"), min_vector_width(512))), apply_to = function)
#include "numerics_body.h"
#pragma clang attribute pop
#endif
