namespace ConvTransfer.Imaging;

/// <summary>In which order a network takes the colours of a pixel.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red, as OpenCV and Caffe read pictures.</summary>
    Bgr,
}
