/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of nobody, and the tokens of RFC 7515 appendices A.2 and A.3. */
#ifndef TESTS_UNIT_LINK_JWT_KEYS_H
#define TESTS_UNIT_LINK_JWT_KEYS_H

static const char rsa_jwk[] =
    "{\"d\":\"DM74WZ9BRw6-Nl_wsxZd584WX0Z3c1UMG9SsQxS9qiiqo0fhzyO8JQJYPBiG0o8Ggj1iJM6vqzeS6lOqlip7AMtVXMsLyH"
    "pnlGm7A7Qd2VYDtAdDIxri1Uf_0p_pUTqZccziwbIEVtw-0MZRIdGyjHFhD3bEQWfLUr2PpNW0AoAiV9s6EG8vzZv5Md2EY2uERG"
    "XRyfQflsWXeZ97YKxArFoI4RwQJu3MLsHZS5p3M0bAx0f8tpfJYkUwl0wXAyE51FKXPiJR9_mFS_gu5XP9fbnnoSaXmziWI95U2i"
    "z-xcvaYNVIcB5it8LJ4f017YYxNKvVLhc4Ut2FMOnbyql1\",\"dp\":\"J3631UINB1mizpb7f5HaTwUsQwqL6ZUYFghNkY5I2Eb_uv"
    "OKUALB542dCJk1CUfw2xLpwFL7sdM0dbAPnZxwVIJpTFg-mGX3xm0w5aQRBj00b0tsuxTxqRCyufMPE0WQXGGMMughiM6b7gN1_W"
    "s0VHC_Og4Vm-5wHKLIqObU_h0\",\"dq\":\"EC5U0wsXQhdBrtVHwH-XcD6n-r5Jg98CaR2fWvYiBaJAJoyWnFG6L_eNhSeHOaqk0jd"
    "hpEyIqRTCjuhEY618kYRME_isy4ls6K_mmr2c0MlIzv02YyDwLep3yXHEwun5MoWPSeCzLMf6Ww4OsaNitREPow97VzAo1bLIVvn"
    "nnj8\",\"e\":\"AQAB\",\"kid\":\"rsa-1\",\"kty\":\"RSA\",\"n\":\"5zKvbH-GxDAKhoKUvhlZC1bwjTeh7UCYNeev_"
    "lfAJ4tsedYzVNtY"
    "M-KK6IIIfKR_ASxyMkAkgeSB2gIUXZrTvxARx6SWOldB-ARsaKZf8qNzPa-ikh_HSpL2TtJxjSpNytlkVjy80V02bqsKbwWK4571"
    "fi_USGOeKpo66q_GtlQoZcnv_tUUKLDVb7ERwVZEc_Ri54vC00jiF2FVBxwOKpOQd6kahkWk5f6LNre8jEXt2MS79-6npy5NdUSk"
    "YI-NpUoXQb6FzW8mI5YOb7EzBpZIlXMFJQ3hlbizxeWY6SY38SD1Xx9RiS42rIt9dZc015yD_xJNK3Pn6yi1zmSVcQ\",\"p\":\"9r9"
    "o_HujflUTrN_J4o1-F-dJEkYpMoqPFbqurokD0h3F9zJaL9u7uYJIrkz2QA95wL0alPsrHhaB8yCWReUa6qPYVlS0m1JxDMM3kHK"
    "RzFFITCM9gsxtejmWvHGmo9EJkKpz-tWYpY_COUlC8BGdGwRu9ga6NFLgsPPH3Nh2bqc\",\"q\":\"794CgvorRBGXFJy53RpX5BhVU"
    "V9in0U2nLGuYxrAWTCvnZqAQVZAJDvYM7ZdwpzWEX_KA3wH9_m5rvrr51M5cUFaDvuzk7rFWSnTGj5leTOvpKBcqyEjxvFVLIDo0"
    "cauF6tUzIV5oRoQvJBm0ox_pllUuQPJfepYPVuM_F25tic\",\"qi\":\"rjd38AKQuAWU1FCEGcbSkWyv26uOoiec1Pwm_JKtFQdtB1"
    "CZybfD140sSY-yzEL_M6qetFKYxZFrLXOnHgMXKGq9e2Zy9qWsY7yZfS55Z2bm6Cnv-ethr9Dj4-1NuxCkugil98BRBMy2tNTbJY"
    "zWuE52ODvio7lhyBB3fRAkEDU\"}";
static const char ec_jwk[] =
    "{\"crv\":\"P-256\",\"d\":\"5BTypeiB1-GZiJnliYizXLAbYJfwVT8-Ldgn3Dcnlp8\",\"kid\":\"ec-1\",\"kty\":\"EC\",\"x\":"
    "\"KsUaCD"
    "tpRX48z_6VAsLSM0QmYTznaeTGdZZfd1M3v8c\",\"y\":\"kanuxF2nAmDADymz0oHtJE2OUwIHdRsWfjunTcbaKzA\"}";
static const char ec384_jwk[] =
    "{\"crv\":\"P-384\",\"d\":\"aZsipk2Su8i_5N7IrpEBuoh_Aw0iKjAtrqEZExseDdN-R7DlIiXoqmB_VvquuNG-\",\"kid\":\"ec-3\",\""
    "kty\":\"EC\",\"x\":\"ZfkrQj1OYvJrCzbzgfp93r3g7J3OwhMigoGWbOX6wE7Vucbv98UuF25L9nWhvnzE\",\"y\":\"9Rr9josJ7tC9YZ"
    "YemwS3mMRzYFIuH8egCW4p0wo5QsV36_sxNMcvJFzCds-dm1Xq\"}";
static const char weak_jwk[] =
    "{\"d\":\"JwwYOU67qjpNRe-y3eD6NuOooLLWaAHeQpbi9MzrK3RjF6rWZmCPiKKMDu2zSjKilW4RTxUYZhlcmCeXZ2T-rdGLI4otjY"
    "V3nPo9iCjify9LGMtJk1tCSVDvjJ0QYl0PzPaB0vnFMjhA7Iv7wcREJSOELGtj53mzDv3RMNppMC0\",\"dp\":\"wjFbigYC0zmueUX"
    "RYx_AcFCGjfuIF6aZ6Fk5hm-A1ylwHabA3r_8G8I_TkefnI3T8TJPZEMRQm77KD9y6pYTiw\",\"dq\":\"VavbwV47lNK66lCqFndiK"
    "25pL4Envt6AQw_YjeyIt4jh9SiEw2wIlvSLKIPnJUcGSGgipNwxjkF8jxQJH0LSRQ\",\"e\":\"AQAB\",\"kid\":\"weak\",\"kty\":\"RS"
    "A\",\"n\":\"yuvT2zIZZOjJimct-GecnBo3q0xzcQOjmtlxCvrISOhcpiwXp09Ex4xOOXvky9kz6GJjNTa85Jxc11fowarnryG_exmq"
    "-8fcYHr3FkDkYdTtqiUP3MghlIxlwlwKxA4_C_-TDyfVcuN-idFK1X7U89oUaD5Baz__KMThOTOtD_k\",\"p\":\"-WJN5qezhEdr5E"
    "VhLTpsYkPtB9ndsasAI-SKMGSawhMMa8QOnXzqrycwKiwVT3Yc2_f_MLI1eM9srPUI-XVomw\",\"q\":\"0E34adxfsIHs8Elwk7i8T"
    "vM41U0_MpsbigCHOby0pW0uKLYlOvM3XJzr5N2iXT_qQ5ICD5pl4E6D8metquaA-w\",\"qi\":\"YmV6Aq8SVPMC8EryeeV1HVDkdIs"
    "HkTMGQLKGNuO8McSX7eNZI1yP0mLLBOBwAzrgbTnd3SRagypOngH6KiG77g\"}";
static const char ec_pem[] =
    "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5BTypeiB1+GZiJnl\niYizX"
    "LAbYJfwVT8+Ldgn3Dcnlp+hRANCAAQqxRoIO2lFfjzP/pUCwtIzRCZhPOdp\n5MZ1ll93Uze/x5Gp7sRdpwJgwA8ps9KB7SRNjlM"
    "CB3UbFn47p03G2isw\n-----END PRIVATE KEY-----\n";
static const char ec_pem_locked[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBBzwl5/sORDysU3m"
    "/Ty\nP9YBAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQdw97KnMSV1k87Sk1\nQ240bASBkNX3ngwPWQJBJjXsdEwRr"
    "/ozBTEbCaXxdx4I1BwnX90kXKo+ERvhmbhQ\n70zQBr2GWinBCAEWBhoIO+yqsKOQb5r05srUuJnRXwBjh8enCe+40kI8SOovj5N"
    "7\nk/dGLfO0kBPKJHxfdENRxoSFxUzxe+aKVQri4K2sxmui6vTunbTAsSNPN/qi+Gc9\nXDnjvsmzrQ==\n-----END ENCRYPTE"
    "D PRIVATE KEY-----\n";
static const char rsa_public_pem[] =
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA5zKvbH+GxDAKhoKUvhlZ\nC1bwjT"
    "eh7UCYNeev/lfAJ4tsedYzVNtYM+KK6IIIfKR/ASxyMkAkgeSB2gIUXZrT\nvxARx6SWOldB+ARsaKZf8qNzPa+ikh/HSpL2TtJx"
    "jSpNytlkVjy80V02bqsKbwWK\n4571fi/USGOeKpo66q/GtlQoZcnv/tUUKLDVb7ERwVZEc/Ri54vC00jiF2FVBxwO\nKpOQd6ka"
    "hkWk5f6LNre8jEXt2MS79+6npy5NdUSkYI+NpUoXQb6FzW8mI5YOb7Ez\nBpZIlXMFJQ3hlbizxeWY6SY38SD1Xx9RiS42rIt9dZ"
    "c015yD/xJNK3Pn6yi1zmSV\ncQIDAQAB\n-----END PUBLIC KEY-----\n";
static const char rfc_rsa[] =
    "{\"kty\": \"RSA\", \"n\": \"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2m"
    "JPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS"
    "5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvU"
    "K-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\", \"e\": \"AQAB\"}";
static const char rfc_rsa_token[] =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19"
    "yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt"
    "_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI"
    "8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char rfc_ec[] = "{\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": "
			     "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\", \"y\": \"x_FEzRu9m36H"
			     "LN_tue659LNpXW6pCyStikYjKIWI5a0\"}";
static const char rfc_ec_token[] =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19"
    "yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU"
    "1Q";

/* RFC 7520: the keys of its section 3, what section 4 signs with them, which is text and no claims. */
static const char cookbook_rsa[] =
    "{\"kty\":\"RSA\",\"kid\":\"bilbo.baggins@hobbiton.example\",\"use\":\"sig\",\"n\":\"n4EPtAOCc9AlkeQHPzHStgAbgs7"
    "bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-Qt"
    "iWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJl"
    "sde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRh"
    "uaxwUkRz5iaiQkqgc5gHdrNP5zw\",\"e\":\"AQAB\"}";
static const char cookbook_ec[] =
    "{\"kty\":\"EC\",\"kid\":\"bilbo.baggins@hobbiton.example\",\"use\":\"sig\",\"crv\":\"P-521\",\"x\":"
    "\"AHKZLLOsCOzz5c"
    "Y97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt\",\"y\":\"AdymlHvOiLxXkEh"
    "ayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1\"}";
static const char cookbook_oct[] = "{\"kty\":\"oct\",\"kid\":\"018c0ae5-4d9b-471b-bfd6-eef314bc7037\",\"use\":\"sig\","
				   "\"alg\":\"HS256\",\"k\":\"hJtXIZ2"
				   "uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg\"}";
static const char cookbook_rs256[] =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3V"
    "zIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHl"
    "vdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9"
    "mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp8"
    "3xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6"
    "x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI"
    "-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";
static const char cookbook_ps384[] =
    "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3V"
    "zIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHl"
    "vdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9"
    "mZiB0by4.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP"
    "6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqr"
    "YRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64"
    "QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw";
static const char cookbook_es512[] =
    "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3V"
    "zIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHl"
    "vdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9"
    "mZiB0by4.AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1e"
    "JAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2";
static const char cookbook_hs256[] =
    "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.SXTigJlzIGEgZGF"
    "uZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5"
    "kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN"
    "3ZXB0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";

#endif
