// AVX2 with fused multiply-add: 16 registers of 8 floats. 6 rows × 1 panel = 12 accumulators.
#include "CKernels.h"
#if defined(__x86_64__)
static int is_available(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#define NAME avx2
#define TARGET_VL 8
#define ROWS 6
#define PANELS 1
#define INPUTS 6
#pragma clang attribute push(__attribute__((target("avx2,fma"), min_vector_width(256))), apply_to = function)
#include "kernels_body.h"
#pragma clang attribute pop
#endif
