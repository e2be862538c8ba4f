namespace ConvTransfer.Imaging;

/// <summary>The order of a picture's axes in a network's input.</summary>
public enum TensorLayout
{
    /// <summary>Batch, channels, height, width.</summary>
    Nchw,

    /// <summary>Batch, height, width, channels.</summary>
    Nhwc,
}
