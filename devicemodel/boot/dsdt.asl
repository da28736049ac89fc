/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's devices for ACPI (ACPI 4.0, PCI Firmware 3.0). The fixed addresses are those of
 * devicemodel/machine_map.h; a test compares them. The 64-bit window depends on the VM: the SSDT that
 * acpi.c builds has it.
 */
DefinitionBlock ("dsdt.aml", "DSDT", 2, "ACRNDM", "ACRNDM  ", 0x00000001)
{
    External (\P64B, IntObj)	// base of the 64-bit window
    External (\P64E, IntObj)	// one past its end

    // Soft off; the sleep type is what the PM block knows.
    Name (\_S5, Package () { Zero, Zero, Zero, Zero })

    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CID, EisaId ("PNP0A03"))
            Name (_UID, Zero)
            Name (_SEG, Zero)
            Name (_BBN, Zero)

            Name (RES, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
                    0x0000, 0x0000, 0x0000, 0x0000, 0x0001)
                IO (Decode16, 0x0CF8, 0x0CF8, 0x01, 0x08)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                    0x0000, 0x1000, 0xFFFF, 0x0000, 0xF000)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable,
                    ReadWrite,
                    0x00000000, 0x80000000, 0xDFFFFFFF, 0x00000000, 0x60000000)
                QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable,
                    ReadWrite,
                    0x0000000000000000, 0x0000000100000000, 0x00000001FFFFFFFF,
                    0x0000000000000000, 0x0000000100000000, , , W64)
            })

            Method (_CRS, 0, Serialized)
            {
                CreateQWordField (RES, ^W64._MIN, WMIN)
                CreateQWordField (RES, ^W64._MAX, WMAX)
                CreateQWordField (RES, ^W64._LEN, WLEN)
                WMIN = \P64B
                WMAX = (\P64E - One)
                WLEN = (\P64E - \P64B)
                Return (RES)
            }

            // PCI Firmware 3.0, 4.5.1: the guest may have the PCI Express capability; there is
            // nothing else to hand over.
            Method (_OSC, 4, NotSerialized)
            {
                CreateDWordField (Arg3, Zero, STS)
                If ((Arg0 != ToUUID ("33db4d5b-1ff7-401c-9657-7441c03dd766")))
                {
                    STS |= 0x04			// unrecognized UUID
                    Return (Arg3)
                }
                If ((Arg1 != One))
                {
                    STS |= 0x08			// unrecognized revision
                    Return (Arg3)
                }
                If ((Arg2 < 0x03))
                {
                    STS |= 0x02			// no room for the answer
                    Return (Arg3)
                }
                CreateDWordField (Arg3, 0x08, CTL)
                If ((CTL & 0xFFFFFFEF))
                {
                    STS |= 0x10			// something was masked
                }
                CTL &= 0x10
                Return (Arg3)
            }
        }

        // What the chipset decodes and no other device names.
        Device (MBRD)
        {
            Name (_HID, EisaId ("PNP0C02"))
            Name (_UID, Zero)
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadWrite, 0xE0000000, 0x10000000)
                IO (Decode16, 0x0600, 0x0600, 0x01, 0x10)
            })
        }

        Device (COM1)
        {
            Name (_HID, EisaId ("PNP0501"))
            Name (_UID, One)
            Name (_DDN, "COM1")
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x03F8, 0x03F8, 0x01, 0x08)
                IRQ (Edge, ActiveHigh, Exclusive) { 4 }
            })
        }

        Device (TMR)
        {
            Name (_HID, EisaId ("PNP0100"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0040, 0x0040, 0x01, 0x04)
                IRQ (Edge, ActiveHigh, Exclusive) { 0 }
            })
        }

        // Silent, but its port has the gate and the output of the timer's third counter.
        Device (SPKR)
        {
            Name (_HID, EisaId ("PNP0800"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0061, 0x0061, 0x01, 0x01)
            })
        }

        // Without its line: there are no alarms.
        Device (RTC)
        {
            Name (_HID, EisaId ("PNP0B00"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0070, 0x0070, 0x01, 0x02)
            })
        }
    }
}
