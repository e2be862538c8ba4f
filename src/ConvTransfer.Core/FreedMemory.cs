using System.Runtime.InteropServices;

namespace ConvTransfer.Core;

/// <summary>Gives memory that was freed back to the system.</summary>
/// <remarks>The C library of most Linux systems keeps freed blocks of up to 32 MB for the next allocation: a process that made and freed a few plans would hold more than its greatest plan takes.</remarks>
public static partial class FreedMemory
{
    private const long Least = 8 << 20;

    /// <summary>To be called after large blocks were freed. Does nothing where the system's library has no such call, or little was freed.</summary>
    /// <param name="bytes">The bytes that were freed.</param>
    public static void GiveBack(long bytes)
    {
        if (bytes < Least || !OperatingSystem.IsLinux()) return;
        try
        {
            _ = Native.malloc_trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library than glibc: it does not keep them.
        }
    }

    private static partial class Native
    {
        [LibraryImport("libc")]
        internal static partial int malloc_trim(nuint kept);
    }
}
