// The table of variants, fastest first, from which Swift chooses once per process.
#include "CNumerics.h"

const sweep_numerics *const *sweep_all_numerics(void) {
  static const sweep_numerics *const all[] = {
#if defined(__x86_64__)
    &sweep_numerics_avx512, &sweep_numerics_avx2,
#endif
    &sweep_numerics_portable, NULL,
  };
  return all;
}
