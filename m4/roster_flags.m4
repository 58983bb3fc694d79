# SPDX-License-Identifier: Apache-2.0

# ROSTER_ADD_FLAG(VARIABLE, FLAG, [cc|ld])
# Append FLAG to VARIABLE if the compiler (or, with ld, the linker) takes it without a word.
AC_DEFUN([ROSTER_ADD_FLAG], [
  AS_VAR_PUSHDEF([known], [roster_cv_flag_$2])
  AC_CACHE_CHECK([whether $CC takes $2], [known], [
    roster_saved_cflags=$CFLAGS
    roster_saved_ldflags=$LDFLAGS
    m4_if([$3], [ld], [LDFLAGS="$LDFLAGS -Werror $2"], [CFLAGS="$CFLAGS -Werror $2"])
    m4_if([$3], [ld],
      [AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([known], [yes])], [AS_VAR_SET([known], [no])])],
      [AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([known], [yes])], [AS_VAR_SET([known], [no])])])
    CFLAGS=$roster_saved_cflags
    LDFLAGS=$roster_saved_ldflags
  ])
  AS_VAR_IF([known], [yes], [AS_VAR_APPEND([$1], [" $2"])])
  AS_VAR_POPDEF([known])
])

# ROSTER_ADD_FLAGS(VARIABLE, FLAGS, [cc|ld])
AC_DEFUN([ROSTER_ADD_FLAGS], [m4_foreach_w([roster_flag], [$2], [ROSTER_ADD_FLAG([$1], m4_defn([roster_flag]), [$3])])])
