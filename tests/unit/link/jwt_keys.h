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

#endif
