// AVX2 with fused multiply-add: 16 registers of 8 floats. 6 rows × 2 units = 12 accumulators; a step keeps 5 rows of scores, and asks
// the first-level cache for the gradients.
#include "CKernels.h"
#if defined(__x86_64__)
static int is_available(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#define NAME avx2
#define HAS_FMA 1
#define TARGET_VL 8
#define ROWS 6
#define UNITS 2
#define ALONE UNITS
#define ALONE_ROWS ROWS
#define STEP_ROWS 5
#define INPUTS 6
#pragma clang attribute push(__attribute__((target("avx2,fma"), min_vector_width(256))), apply_to = function)
#include "kernels_body.h"
#pragma clang attribute pop
#endif
