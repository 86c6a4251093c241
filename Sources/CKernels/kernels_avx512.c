// AVX-512: 32 registers of 16 floats. 8 rows × 6 units, or 6 rows × 8 units = 24 accumulators; a step keeps 8 rows of scores and of gradients.
#include "CKernels.h"
#if defined(__x86_64__)
static int is_available(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
         && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}
#define NAME avx512
#define HAS_FMA 1
#define TARGET_VL 16
#define ROWS 8
#define UNITS 6
#define ALONE 8
#define ALONE_ROWS 6
#define STEP_ROWS 8
#define INPUTS 8
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"), min_vector_width(512))), apply_to = function)
#include "kernels_body.h"
#pragma clang attribute pop
#endif
