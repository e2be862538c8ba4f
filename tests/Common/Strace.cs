namespace ConvTransfer.Tests.Common;

/// <summary>The program that lets system calls of a process fail, and lists them.</summary>
public static class Strace
{
    public const string Program = "/usr/bin/strace";

    /// <summary>Why tests skip, or null where the program is there.</summary>
    public static string? Missing => File.Exists(Program) ? null : $"{Program} is not installed";
}

/// <summary>A fact that needs <see cref="Strace"/> and skips, saying so, where it is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class StraceFactAttribute : FactAttribute
{
    public StraceFactAttribute() => Skip = Strace.Missing;
}

/// <summary>A theory that needs <see cref="Strace"/> and skips, saying so, where it is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class StraceTheoryAttribute : TheoryAttribute
{
    public StraceTheoryAttribute() => Skip = Strace.Missing;
}
