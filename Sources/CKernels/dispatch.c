// The table of variants, fastest first, from which Swift chooses once per process.
#include "CKernels.h"

const sweep_kernels *const *sweep_all_kernels(void) {
  static const sweep_kernels *const all[] = {
#if defined(__x86_64__)
    &sweep_kernels_avx512, &sweep_kernels_avx2,
#endif
    &sweep_kernels_portable, NULL,
  };
  return all;
}
