using ConvTransfer.Engine.Tensors;
using static ConvTransfer.Pipelines.NodeSequence;

namespace ConvTransfer.Pipelines;

/// <summary>Resizing and cropping as nodes of ai.onnx-18, on pictures uint8 [N, H, W, C] of any size: the same integers as in code.</summary>
internal static class ImageNodes
{
    /// <summary>The brightness of pictures [N, H, W, 3] as [N, H, W, 1]: ITU-R 601 luma in integers, (19595 R + 38470 G + 7471 B + 32768) div 65536.</summary>
    public static string Luma(NodeSequence to, string x)
    {
        string wide = to.Add("image/integers", "Cast", [x], Attribute("to", (long)ElementType.Int32));
        string weighted = to.Add("image/weighted", "Mul", [wide, to.Constant<int>("image/luma_weights", [3], [19595, 38470, 7471])]);
        string sum = to.Add("image/sum", "ReduceSum", [weighted, to.Integers("image/channel_axis", 3)], Attribute("keepdims", 1));
        string rounded = to.Add("image/rounded", "Add", [sum, to.Constant<int>("image/luma_half", [1], [32768])]);
        string luma = to.Add("image/luma", "Div", [rounded, to.Constant<int>("image/luma_one", [1], [65536])]);
        return to.Add("image/grey", "Cast", [luma], Attribute("to", (long)ElementType.UInt8));
    }

    /// <summary>Resizes both axes to given lengths.</summary>
    /// <param name="to">Takes the nodes.</param>
    /// <param name="x">The pictures.</param>
    /// <param name="sizes">The name of the new height and width, int64 [2].</param>
    /// <param name="cubic">True for the cubic filter, false for the linear one.</param>
    public static string Resize(NodeSequence to, string x, string sizes, bool cubic) =>
        to.Add("image/resized", "Resize", [x, "", "", sizes],
        [
            Attribute("mode", cubic ? "cubic" : "linear"),
            // Antialiasing as Pillow does it: samples outside the picture count for nothing. The cubic kernel is Keys' with a = -0.5.
            Attribute("antialias", 1),
            Attribute("coordinate_transformation_mode", "half_pixel"),
            Attribute("exclude_outside", 1),
            .. cubic ? [Attribute("cubic_coeff_a", -0.5f)] : Array.Empty<Graphs.NodeAttribute>(),
            Attribute("axes", [1, 2]),
        ]);

    /// <summary>The height and width of pictures: int64 [2].</summary>
    public static string Sizes(NodeSequence to, string x) => to.Add("image/sizes", "Shape", [x], Attribute("start", 1), Attribute("end", 3));

    /// <summary>The height and width at which the shorter side has a given length, and the longer one keeps the ratio, rounded down.</summary>
    public static string ShorterSide(NodeSequence to, string sizes, long length)
    {
        string shorter = to.Add("image/shorter", "ReduceMin", [sizes, to.Integers("image/shorter_axes", 0)], Attribute("keepdims", 1));
        string scaled = to.Add("image/scaled", "Mul", [sizes, to.Integers("image/shorter_length", length)]);
        return to.Add("image/resized_sizes", "Div", [scaled, shorter]);
    }

    /// <summary>The middle of pictures.</summary>
    /// <param name="to">Takes the nodes.</param>
    /// <param name="x">The pictures.</param>
    /// <param name="sizes">The name of their height and width, int64 [2].</param>
    /// <param name="height">The height to keep.</param>
    /// <param name="width">The width to keep.</param>
    /// <remarks>The margin d is split as torchvision does it: half of it lies before, and of an odd one the half is rounded to even, k + (d mod 2)·(k mod 2) with k = d div 2.</remarks>
    public static string CentreCrop(NodeSequence to, string x, string sizes, long height, long width)
    {
        string length = to.Integers("image/crop_sizes", height, width), two = to.Integers("image/two", 2);
        string margin = to.Add("image/margin", "Sub", [sizes, length]);
        string half = to.Add("image/half", "Div", [margin, two]);
        string odd = to.Add("image/odd", "Mul", [to.Add("image/margin_odd", "Mod", [margin, two]), to.Add("image/half_odd", "Mod", [half, two])]);
        string start = to.Add("image/crop_start", "Add", [half, odd]);
        string end = to.Add("image/crop_end", "Add", [start, length]);
        return to.Add("image/cropped", "Slice", [x, start, end, to.Integers("image/crop_axes", 1, 2)]);
    }
}
