/* SPDX-License-Identifier: BSD-3-Clause */
/* Checking region names and deriving the names of what belongs to a region. */
#include "ivshmem/name.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"

/* Long words are cut in messages: the line must still hold the remedy. */
#define QUOTED "\"%.80s%s\""
#define QUOTED_ARGS(word) (word), strlen(word) > 80 ? "..." : ""

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

struct land {
	enum ivshmem_land land;
	const char *prefix, *charset, *rule;
	size_t max;
};

static const struct land lands[] = {
	{ IVSHMEM_LAND_DM, "dm:/", LETTERS_AND_DIGITS "._/-", "letters, digits and . _ - /",
	  IVSHMEM_DM_NAME_MAX },
	{ IVSHMEM_LAND_HV, "hv:/", LETTERS_AND_DIGITS "_", "letters, digits and _",
	  IVSHMEM_HV_NAME_MAX },
};

static const struct land *land_of(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lands); i++)
		if (!strncmp(word, lands[i].prefix, strlen(lands[i].prefix)))
			return &lands[i];
	return NULL;
}

/* Components between slashes: no empty one (so no slash at either end), no "." and no "..". */
static bool components_valid(const char *path)
{
	size_t length;

	for (;; path += length + 1) {
		length = strcspn(path, "/");
		if (length == 0 || (length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (!path[length])
			return true;
	}
}

int ivshmem_name_parse(struct ivshmem_name *ret_name, const char *word, struct error *err)
{
	const struct land *land = land_of(word);
	const char *bare;
	size_t length;

	if (!land)
		return error_set(err, -EINVAL,
				 QUOTED " is no region name: write dm:/NAME or hv:/NAME",
				 QUOTED_ARGS(word));
	bare = word + strlen(land->prefix);
	length = strlen(bare);
	if (length == 0)
		return error_set(err, -EINVAL, QUOTED ": the name after %s is missing",
				 QUOTED_ARGS(word), land->prefix);
	if (length > land->max)
		return error_set(err, -EINVAL,
				 QUOTED
				 ": the name after %s has %zu characters, at most %zu are allowed",
				 QUOTED_ARGS(word), land->prefix, length, land->max);
	if (strspn(bare, land->charset) != length)
		return error_set(err, -EINVAL, QUOTED ": only %s are allowed in the name after %s",
				 QUOTED_ARGS(word), land->rule, land->prefix);
	if (!components_valid(bare))
		return error_set(err, -EINVAL,
				 QUOTED
				 ": no slash at either end and no empty, \".\" or \"..\" part"
				 " is allowed in the name after %s",
				 QUOTED_ARGS(word), land->prefix);
	ret_name->land = land->land;
	memcpy(ret_name->text, word, strlen(word) + 1);
	return 0;
}

/* The terminating NUL of the domain is hashed too, so that no domain is a prefix of another. */
static int hash_text(const char *domain, const char *text, unsigned char digest[EVP_MAX_MD_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
	       EVP_DigestUpdate(ctx, domain, strlen(domain) + 1) &&
	       EVP_DigestUpdate(ctx, text, strlen(text)) && EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	return good ? 0 : -EIO;
}

int ivshmem_name_key(const struct ivshmem_name *name, char ret_key[IVSHMEM_KEY_MAX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	int i, ret;

	if (name->land != IVSHMEM_LAND_DM)
		return -EINVAL;
	ret = hash_text("acrn-ivshmem-region-v1", name->text + strlen("dm:/"), digest);
	if (ret < 0)
		return ret;
	for (i = 0; i < (IVSHMEM_KEY_MAX - 1) / 2; i++)
		snprintf(ret_key + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

int ivshmem_name_object(const struct ivshmem_name *name, char ret_object[IVSHMEM_OBJECT_MAX])
{
	char key[IVSHMEM_KEY_MAX];
	int ret;

	ret = ivshmem_name_key(name, key);
	if (ret < 0)
		return ret;
	snprintf(ret_object, IVSHMEM_OBJECT_MAX, IVSHMEM_OBJECT_PREFIX "%s", key);
	return 0;
}
