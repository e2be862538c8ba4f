using System.Runtime.Intrinsics;

namespace ConvTransfer.Tests.Laws;

/// <summary>The laws are repeated with narrower vectors; this says whether a repetition really had them.</summary>
public sealed class VectorWidthTests
{
    [Fact]
    public void VectorsAreNotWiderThanAskedFor()
    {
        bool Off(string setting) => Environment.GetEnvironmentVariable(setting) == "0";
        Assert.False(Vector512.IsHardwareAccelerated && (Off("DOTNET_EnableAVX512") || Off("DOTNET_EnableAVX2")));
        Assert.False(Vector256.IsHardwareAccelerated && Off("DOTNET_EnableAVX2"));
    }
}
