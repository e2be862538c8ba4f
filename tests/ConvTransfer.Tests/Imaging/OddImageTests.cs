using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Imaging;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Imaging;

/// <summary>The files of data/odd: sizes and means that Pillow 9.4 found, and what must be refused.</summary>
public sealed class OddImageTests
{
    public static TheoryData<string> Lines => SharedMaterial.IsPresent ? [.. File.ReadLines(SharedMaterial.Path("data", "odd", "expected.csv")).Skip(1)] : [];

    [SharedTheory]
    [MemberData(nameof(Lines))]
    public void AnOddFileIsDecodedOrRefused(string line)
    {
        string[] cells = line.Split(',');
        string path = SharedMaterial.Path("data", "odd", cells[0]);
        if (cells[1] == "reject")
        {
            AssertRefused(path);
            return;
        }
        if (cells[1] == "decode-or-reject" && Record.Exception(() => ImageReader.Read(path).Dispose()) is { } fault)
        {
            Assert.IsType<ConvTransferException>(fault);
            return;
        }
        using var picture = ImageReader.Read(path);
        if (cells[2].Length == 0) return;
        double Number(int i) => double.Parse(cells[i], CultureInfo.InvariantCulture);
        Assert.Equal([(long)Number(3), (long)Number(2), 3], picture.Shape.Dims.ToArray());
        // The means are given with one digit.
        double tolerance = Number(10) + 0.06;
        for (int c = 0; c < 3; c++)
        {
            Assert.InRange(Mean(picture, c, picture.Shape[0], picture.Shape[1]), Number(4 + c) - tolerance, Number(4 + c) + tolerance);
            if (picture.Shape[0] > 1 && picture.Shape[1] > 1) Assert.InRange(Mean(picture, c, picture.Shape[0] / 2, picture.Shape[1] / 2), Number(7 + c) - tolerance, Number(7 + c) + tolerance);
        }
    }

    private static void AssertRefused(string path)
    {
        var fault = Assert.Throws<ConvTransferException>(() => ImageReader.Read(path));
        Assert.True(fault.Cause is FailureCause.ImageInvalid or FailureCause.Limit);
        Assert.Equal(path, fault.File);
        Assert.NotEmpty(fault.Detail);
    }

    private static double Mean(Tensor picture, int channel, long height, long width)
    {
        var pixels = picture.AsSpan<byte>();
        long sum = 0;
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) sum += pixels[(int)((((y * picture.Shape[1]) + x) * 3) + channel)];
        return (double)sum / (height * width);
    }
}
