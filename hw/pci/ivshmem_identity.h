/* SPDX-License-Identifier: BSD-3-Clause */
/* How any ivshmem device looks on a PCI bus: ivshmem specification of QEMU, revision 1. */
#ifndef HW_PCI_IVSHMEM_IDENTITY_H
#define HW_PCI_IVSHMEM_IDENTITY_H

#define IVSHMEM_VENDOR 0x1af4
#define IVSHMEM_DEVICE 0x1110
#define IVSHMEM_REVISION 1
#define IVSHMEM_CLASS 0x050000 /* RAM */

#define IVSHMEM_BAR_REGISTERS 0
#define IVSHMEM_BAR_MSIX 1
#define IVSHMEM_BAR_MEMORY 2

/* BAR0 is exactly this large; the Windows driver refuses anything else. */
#define IVSHMEM_REGISTERS_SIZE 256

#endif
