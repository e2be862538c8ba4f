using System.Runtime.InteropServices;

namespace ConvTransfer.Core;

/// <summary>Tells whether two paths lead to the same file.</summary>
internal static partial class FileIdentity
{
    private const int CurrentFolder = -100, InodeMask = 0x100, InodeOffset = 32, DeviceOffset = 136;

    /// <summary>True when both paths exist and are the same file: by the same name, through links, or (on Linux) as two hard links.</summary>
    public static bool AreSame(string first, string second)
    {
        if (!File.Exists(first) || !File.Exists(second)) return false;
        if (Resolved(first) == Resolved(second)) return true;
        return OperatingSystem.IsLinux() && Identity(first) is { } one && one == Identity(second);
    }

    private static string Resolved(string path)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full)!;
        if (new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true) is { } elsewhere) full = Path.Combine(elsewhere.FullName, Path.GetFileName(full));
        return new FileInfo(full).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? full;
    }

    // The layout of statx is the same on every architecture, unlike that of stat.
    private static unsafe (ulong Inode, ulong Device)? Identity(string path)
    {
        byte* status = stackalloc byte[256];
        if (Native.statx(CurrentFolder, path, 0, InodeMask, status) != 0) return null;
        return (*(ulong*)(status + InodeOffset), *(ulong*)(status + DeviceOffset));
    }

    private static unsafe partial class Native
    {
        [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int statx(int folder, string path, int flags, uint mask, byte* status);
    }
}
