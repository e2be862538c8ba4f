using ConvTransfer.Core;
using ConvTransfer.Imaging;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Imaging;

/// <summary>The picture rows of the catalogue of bad input. Lists of pictures (I30 to I35) are not read yet; their rows are open.</summary>
public sealed class ImageFaultTests
{
    public static TheoryData<string> Rows => [.. FaultTable.Rows.Select(r => r.Id).Where(id => id.StartsWith('I') && string.CompareOrdinal(id, "I23") < 0)];

    [SharedTheory]
    [MemberData(nameof(Rows))]
    public void ARowIsDecodedOrRefusedWithItsWords(string id)
    {
        var row = FaultTable.Row(id);
        string path = SharedMaterial.Path("faults", row.File);
        var fault = Record.Exception(() => ImageReader.Read(path).Dispose());
        if (row.Wanted == "ok")
        {
            Assert.Null(fault);
            return;
        }
        var refused = Assert.IsType<ConvTransferException>(fault);
        Assert.Equal(path, refused.File);
        Assert.True(row.Matches(refused.Detail), $"{id}: '{refused.Detail}' lacks '{row.Words}'");
    }

    [SharedFact]
    public void APictureIsTurnedAsItsOrientationSays()
    {
        using var upright = ImageReader.Read(SharedMaterial.Path("data", "odd", "exif-1.jpg"));
        for (int orientation = 2; orientation <= 8; orientation++)
        {
            using var turned = ImageReader.Read(SharedMaterial.Path("data", "odd", $"exif-{orientation}.jpg"));
            Assert.Equal(upright.Shape, turned.Shape);
            byte[] a = upright.AsSpan<byte>().ToArray(), b = turned.AsSpan<byte>().ToArray();
            // The files were encoded apart: a few levels of noise are left; a wrong turn differs by tens.
            Assert.InRange(a.Zip(b, (x, y) => Math.Abs(x - y)).Average(), 0, 6);
        }
    }

    // Some cameras append a film to the picture; its bytes look like any markers.
    [SharedFact]
    public void ScansAreCountedUpToTheEndOfThePicture()
    {
        byte[] good = File.ReadAllBytes(SharedMaterial.Path("faults", "img", "I00-good.jpg"));
        byte[] scans = [.. Enumerable.Repeat<byte[]>([0xFF, 0xDA, 0, 2], JpegScans.Max + 1).SelectMany(s => s)];
        ImageReader.Decode([.. good, .. scans]).Dispose();
        Assert.Equal(FailureCause.Limit, Assert.Throws<ConvTransferException>(() => ImageReader.Decode([.. good.AsSpan(0, 2), .. scans, .. good.AsSpan(2)])).Cause);
    }

    [Fact]
    public void WhatIsNoFileIsRefused()
    {
        Assert.Contains("does not exist", Assert.Throws<ConvTransferException>(() => ImageReader.Read("/no/such/picture.png")).Message, StringComparison.Ordinal);
        Assert.Contains("folder", Assert.Throws<ConvTransferException>(() => ImageReader.Read(Path.GetTempPath())).Message, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Throws<ConvTransferException>(() => ImageReader.Read("/dev/zero"));
    }

    [SharedFact]
    public void TheLimitsAreHeldBeforeAnythingIsDecoded()
    {
        string path = SharedMaterial.Path("faults", "img", "I00-good.jpg");
        Assert.Equal(FailureCause.Limit, Assert.Throws<ConvTransferException>(() => ImageReader.Read(path, new Limits { ImagePixels = 10 })).Cause);
        Assert.Equal(FailureCause.Limit, Assert.Throws<ConvTransferException>(() => ImageReader.Read(path, new Limits { ImageFileBytes = 10 })).Cause);
    }
}
