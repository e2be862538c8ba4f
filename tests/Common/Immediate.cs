namespace ConvTransfer.Tests.Common;

/// <summary>Calls a function with each report, before the one who reports goes on.</summary>
public sealed class Immediate<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
